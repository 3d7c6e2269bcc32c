package sparse

import (
	"context"
	"os"
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
