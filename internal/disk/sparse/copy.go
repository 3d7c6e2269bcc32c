package sparse

import (
	"context"
	"io"
	"os"
	"slices"
)

// copyBlock is the grain of holes in a copy, bytes.
const copyBlock = 64 << 10

// Copy writes the disk's bytes to dst, an empty file, which becomes as long as the disk. Zeros become holes.
func (d *Disk) Copy(ctx context.Context, dst *os.File) error {
	if err := dst.Truncate(d.Size); err != nil {
		return err
	}
	return d.Each(ctx, copyBlock, func(number int64, block []byte) error {
		at := number * copyBlock
		d.Reached(at)
		_, err := dst.WriteAt(block[:min(copyBlock, d.Size-at)], at)
		return err
	})
}

// WriteData writes block to a part of dst that is a hole, which it stays where block has zeros.
func WriteData(dst io.WriterAt, block []byte, at int64) error {
	for piece := range slices.Chunk(block, copyBlock) {
		if !allZero(piece) {
			if _, err := dst.WriteAt(piece, at); err != nil {
				return err
			}
		}
		at += int64(len(piece))
	}
	return nil
}
