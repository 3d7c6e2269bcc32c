// Package format writes a raw disk in the format of an image.
package format

import (
	"context"
	"fmt"
	"os"

	"github.com/airshipit/packer-plugin-airship/internal/disk/qcow2"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Options of Write.
type Options struct {
	Format, Compression, Seed string
	Epoch                     int64
	Progress                  func(done, total int64)
}

// Write writes the raw disk src of size bytes to dst, an empty file.
func Write(ctx context.Context, dst, src *os.File, size int64, o Options) error {
	switch o.Format {
	case plan.Raw:
		return qcow2.CopyRaw(ctx, dst, src, size)
	case plan.QCOW2:
		return qcow2.Write(ctx, dst, src, size, qcow2.Options{Compression: qcow2.Compression(o.Compression), Progress: o.Progress})
	}
	return fmt.Errorf("format %s", o.Format)
}
