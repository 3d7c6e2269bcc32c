package vmdk

import (
	"encoding/binary"
	"io"
)

const (
	grainSectors = grainSize / sector
	// tableEntries are the grains of a grain table.
	tableEntries = 512
	// descriptorAt and firstGrainAt are in sectors.
	descriptorAt = 1
	firstGrainAt = 128
)

// Markers of what follows them, other than a grain.
const (
	endOfStream    = 0
	grainTable     = 1
	grainDirectory = 2
	footer         = 3
)

// stream writes the file from its start to its end.
type stream struct {
	w    io.Writer
	at   int64 // where the next write goes, in sectors
	size int64 // of the disk, bytes

	directory []uint32 // where the grain tables are, in sectors; 0 where the disk is all zeros
	table     []uint32 // of the grains that are being written
	current   int64    // the table's number; -1 before the first grain
}

func newStream(w io.Writer, size int64) *stream {
	tables := (size + grainSize*tableEntries - 1) / (grainSize * tableEntries)
	return &stream{w: w, size: size, directory: make([]uint32, tables), table: make([]uint32, tableEntries), current: -1}
}

// write writes whole sectors.
func (s *stream) write(data []byte) error {
	n, err := s.w.Write(data)
	s.at += int64(n) / sector
	return err
}

// begin writes what comes before the grains.
func (s *stream) begin(descriptor string) error {
	start := make([]byte, firstGrainAt*sector)
	copy(start, s.header(directoryAtEnd))
	copy(start[descriptorAt*sector:], descriptor)
	return s.write(start)
}

// grain writes a grain, whose number is greater than all before.
func (s *stream) grain(number int64, data []byte) error {
	if table := number / tableEntries; table != s.current {
		if err := s.endTable(); err != nil {
			return err
		}
		s.current = table
	}
	s.table[number%tableEntries] = uint32(s.at)
	return s.write(data)
}

// endTable writes the current table behind its grains.
func (s *stream) endTable() error {
	if s.current < 0 {
		return nil
	}
	data := encode(s.table)
	if err := s.marker(grainTable, len(data)); err != nil {
		return err
	}
	s.directory[s.current] = uint32(s.at)
	clear(s.table)
	return s.write(data)
}

// finish writes what comes behind the grains.
func (s *stream) finish() error {
	if err := s.endTable(); err != nil {
		return err
	}
	directory := encode(s.directory)
	if err := s.marker(grainDirectory, len(directory)); err != nil {
		return err
	}
	at := uint64(s.at)
	if err := s.write(directory); err != nil {
		return err
	}
	if err := s.marker(footer, sector); err != nil {
		return err
	}
	if err := s.write(s.header(at)); err != nil {
		return err
	}
	return s.marker(endOfStream, 0)
}

// marker announces metadata of so many bytes.
func (s *stream) marker(kind uint32, bytes int) error {
	m := make([]byte, sector)
	binary.LittleEndian.PutUint64(m, uint64(bytes/sector))
	binary.LittleEndian.PutUint32(m[12:], kind)
	return s.write(m)
}

// encode renders a table, filled up to whole sectors.
func encode(table []uint32) []byte {
	data := make([]byte, (len(table)*4+sector-1)/sector*sector)
	for i, entry := range table {
		binary.LittleEndian.PutUint32(data[4*i:], entry)
	}
	return data
}
