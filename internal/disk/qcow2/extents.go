package qcow2

// extent is a part of the disk that may hold data: start <= offset < end, bytes.
type extent struct{ start, end int64 }

// progressStep is how far the disk is read between two reports.
const progressStep = 16 << 20

// progress turns offsets on the disk into bytes of data done.
type progress struct {
	report  func(done, total int64)
	extents []extent
	last    int64
}

func (p *progress) reached(offset int64) {
	if p.report == nil || offset-p.last < progressStep {
		return
	}
	p.last = offset
	var done, total int64
	for _, e := range p.extents {
		total += e.end - e.start
		done += max(0, min(e.end, offset)-e.start)
	}
	p.report(done, total)
}
