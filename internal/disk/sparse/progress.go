package sparse

// progressStep is how far the disk is read between two reports, bytes.
const progressStep = 16 << 20

// progress turns offsets on the disk into bytes of data done.
type progress struct {
	report func(done, total int64)
	last   int64
}

// Reached tells the disk's report, now and then, that everything before offset is done.
func (d *Disk) Reached(offset int64) {
	if d.progress.report == nil || offset-d.progress.last < progressStep {
		return
	}
	d.progress.last = offset
	var done, total int64
	for _, e := range d.extents {
		total += e.end - e.start
		done += max(0, min(e.end, offset)-e.start)
	}
	d.progress.report(done, total)
}
