package format

import (
	"context"
	"io"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
	"github.com/airshipit/packer-plugin-airship/internal/zstdframes"
)

// rawBlock is how much of the disk is read at once, bytes.
const rawBlock = 1 << 20

// writeRawZstd compresses the disk's bytes from first to last.
func writeRawZstd(ctx context.Context, w io.Writer, disk *sparse.Disk) error {
	z, err := zstdframes.NewWriter(ctx, w)
	if err != nil {
		return err
	}
	end := int64(0) // of what is written
	err = disk.Each(ctx, rawBlock, func(number int64, block []byte) error {
		at := number * rawBlock
		disk.Reached(at)
		if err := z.Zeros(at - end); err != nil {
			return err
		}
		end = min(at+rawBlock, disk.Size)
		_, err := z.Write(block[:end-at])
		return err
	})
	if err == nil {
		err = z.Zeros(disk.Size - end)
	}
	if closed := z.Close(); err == nil {
		err = closed
	}
	return err
}
