package repository

// chunkSize of the texts that records lie in: large, so that they cost few allocations.
const chunkSize = 1 << 20

// shelf keeps the records of one release.
type shelf struct {
	entries []entry
	chunk   []byte
	open    []openEntry // the records in chunk
}

// openEntry is a record whose text is not sealed yet.
type openEntry struct {
	file, end int
}

// add keeps a record of the release's index number file.
func (s *shelf) add(file int, text []byte) error {
	if len(s.chunk)+len(text) > chunkSize {
		s.seal()
	}
	if s.chunk == nil {
		s.chunk = make([]byte, 0, chunkSize)
	}
	s.chunk = append(s.chunk, text...)
	s.open = append(s.open, openEntry{file, len(s.chunk)})
	return nil
}

// seal makes entries of the records that were added since the last time.
func (s *shelf) seal() {
	text, start := string(s.chunk), 0
	for _, o := range s.open {
		s.entries = append(s.entries, entry{text: record(text[start:o.end]), file: o.file})
		start = o.end
	}
	s.chunk, s.open = s.chunk[:0], s.open[:0]
}
