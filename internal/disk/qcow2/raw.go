package qcow2

import (
	"context"
	"fmt"
	"io"
	"os"
)

// copyStep is how much is copied between two looks at the context.
const copyStep = 4 << 20

// CopyRaw copies a raw disk of size bytes to dst, an empty file; holes stay holes.
func CopyRaw(ctx context.Context, dst *os.File, src Source, size int64) error {
	extents, err := dataExtents(src, size)
	if err != nil {
		return fmt.Errorf("find the disk's data: %w", err)
	}
	if err := dst.Truncate(size); err != nil {
		return err
	}
	for _, e := range extents {
		for at := e.start; at < e.end; at += copyStep {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			part := io.NewSectionReader(src, at, min(copyStep, e.end-at))
			if _, err := io.Copy(io.NewOffsetWriter(dst, at), part); err != nil {
				return err
			}
		}
	}
	return nil
}
