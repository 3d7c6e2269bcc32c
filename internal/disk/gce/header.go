package gce

import (
	"encoding/binary"
	"fmt"
	"time"
)

const (
	tarBlock = 512
	record   = 20 * tarBlock
)

// Fields of the header, "struct oldgnu_header" and "struct sparse_header" in GNU tar's manual: offsets in bytes.
const (
	nameAt     = 0
	modeAt     = 100
	uidAt      = 108
	gidAt      = 116
	sizeAt     = 124
	modifiedAt = 136
	checksumAt = 148
	typeAt     = 156
	magicAt    = 257
	userAt     = 265
	groupAt    = 297
	sparseAt   = 386 // a map of 4 entries
	extendedAt = 482 // 1: a block of further entries follows
	realSizeAt = 483

	entrySize         = 24 // an offset and a length
	inHeader          = 4
	inExtension       = 21
	extensionExtended = inExtension * entrySize
)

// header is that of disk.raw with all blocks of its map.
func header(size int64, regions []region, modified time.Time) []byte {
	entries := regions
	if n := len(regions); n == 0 || regions[n-1].end < size {
		// A hole at the end ends in an empty region, as GNU tar has it.
		entries = append(regions[:n:n], region{size, size})
	}
	var stored int64
	for _, r := range regions {
		stored += r.end - r.start
	}

	h := make([]byte, tarBlock)
	copy(h[nameAt:], "disk.raw")
	copy(h[modeAt:], "0000644\x00")
	copy(h[uidAt:], "0000000\x00")
	copy(h[gidAt:], "0000000\x00")
	putNumber(h[sizeAt:], stored)
	putNumber(h[modifiedAt:], max(0, modified.Unix()))
	h[typeAt] = 'S'
	copy(h[magicAt:], "ustar  \x00")
	copy(h[userAt:], "root")
	copy(h[groupAt:], "root")
	putNumber(h[realSizeAt:], size)
	rest := putEntries(h[sparseAt:], entries, inHeader)
	if len(rest) > 0 {
		h[extendedAt] = 1
	}
	copy(h[checksumAt:], checksum(h))

	for len(rest) > 0 {
		block := make([]byte, tarBlock)
		rest = putEntries(block, rest, inExtension)
		if len(rest) > 0 {
			block[extensionExtended] = 1
		}
		h = append(h, block...)
	}
	return h
}

// putEntries writes as many entries as there is room for and returns the others.
func putEntries(at []byte, entries []region, room int) []region {
	n := min(room, len(entries))
	for i, r := range entries[:n] {
		putNumber(at[i*entrySize:], r.start)
		putNumber(at[i*entrySize+12:], r.end-r.start)
	}
	return entries[n:]
}

// putNumber writes a field of 12 bytes: octal, or, from 8 GiB on, binary with the first bit set.
func putNumber(field []byte, n int64) {
	if n < 1<<33 {
		copy(field, fmt.Sprintf("%011o\x00", n))
		return
	}
	field[0] = 0x80
	binary.BigEndian.PutUint64(field[4:], uint64(n))
}

// checksum is the sum of the header's bytes with spaces in its own place.
func checksum(h []byte) string {
	sum := 8 * int(' ')
	for _, b := range h {
		sum += int(b)
	}
	return fmt.Sprintf("%06o\x00 ", sum)
}
