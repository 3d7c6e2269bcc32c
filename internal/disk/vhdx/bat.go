package vhdx

import "encoding/binary"

// States of a block ([MS-VHDX] 2.5.1.1).
const (
	blockZero         = 2
	blockFullyPresent = 6
)

// bat is the block allocation table ([MS-VHDX] 2.5): where each block of the disk lies in the file. An entry for a bitmap
// that only differencing disks have follows every chunk of blocks; it stays 0, not present.
type bat struct {
	entries []uint64
	chunk   int64 // blocks
}

func newBAT(size, sectorSize int64) *bat {
	blocks := (size + blockSize - 1) / blockSize
	chunk := (1 << 23) * sectorSize / blockSize
	b := &bat{entries: make([]uint64, blocks+(blocks-1)/chunk), chunk: chunk}
	for number := range blocks {
		b.entries[b.index(number)] = blockZero
	}
	return b
}

func (b *bat) index(block int64) int64 { return block + block/b.chunk }

// present says that a block lies at an offset of the file, a multiple of 1 MiB.
func (b *bat) present(block, at int64) {
	b.entries[b.index(block)] = uint64(at) | blockFullyPresent
}

// regionSize is a multiple of 1 MiB, as the format wants it.
func (b *bat) regionSize() int64 { return (int64(len(b.entries))*8 + mib - 1) / mib * mib }

func (b *bat) encode() []byte {
	data := make([]byte, b.regionSize())
	for i, entry := range b.entries {
		binary.LittleEndian.PutUint64(data[8*i:], entry)
	}
	return data
}
