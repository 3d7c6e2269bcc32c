// Package format turns the raw disk of a build into the files that it is handed out as. The formats are plan's.
//
// The same disk and options give the same bytes, whatever the number of cores.
package format

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/disk/gce"
	"github.com/airshipit/packer-plugin-airship/internal/disk/qcow2"
	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
	"github.com/airshipit/packer-plugin-airship/internal/disk/vhd"
	"github.com/airshipit/packer-plugin-airship/internal/disk/vhdx"
	"github.com/airshipit/packer-plugin-airship/internal/disk/vmdk"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Options of Write.
type Options struct {
	// Format is one of plan's: plan.QCOW2 and those of the same action.
	Format string
	// Compression of a qcow2: zlib, zstd or none. Other formats have their own.
	Compression string
	// SectorSize is the disk's, bytes: 512 or 4096.
	SectorSize int64
	// Seed of the identifiers in the file, best the disk's own GUID.
	Seed string
	// Epoch is the time in the file, seconds since 1970.
	Epoch int64
	// Progress, where set, is called now and then with the bytes of the disk that are done and
	// those that hold data.
	Progress func(done, total int64)
}

// Check tells, before the long work, why a format cannot hold a disk of size bytes with sectors of so many.
func Check(format string, size, sectorSize int64) error {
	if size <= 0 || size%sectorSize != 0 {
		return fmt.Errorf("a disk of %d bytes: want whole sectors of %d bytes, one at least", size, sectorSize)
	}
	switch format {
	case plan.QCOW2, plan.Raw, plan.RawZstd:
		return nil
	case plan.VHD:
		return vhd.Check(size, sectorSize)
	case plan.VHDX:
		return vhdx.Check(size, sectorSize)
	case plan.VMDK:
		return vmdk.Check(size, sectorSize)
	case plan.GCE:
		return gce.Check(size, sectorSize)
	}
	return fmt.Errorf("%q is no format of disks", format)
}

// Write writes src, a raw disk of size bytes, to dst, an empty file.
func Write(ctx context.Context, dst, src *os.File, size int64, o Options) error {
	if err := Check(o.Format, size, o.SectorSize); err != nil {
		return err
	}
	disk, err := sparse.Open(src, size, o.Progress)
	if err != nil {
		return err
	}
	switch o.Format {
	case plan.QCOW2:
		return qcow2.Write(ctx, dst, disk, qcow2.Compression(o.Compression))
	case plan.RawZstd:
		return writeRawZstd(ctx, dst, disk)
	case plan.VHD:
		return vhd.Write(ctx, dst, disk, vhd.Options{ID: plan.FileUUID(o.Seed, "vhd"), Created: time.Unix(o.Epoch, 0)})
	case plan.VHDX:
		return vhdx.Write(ctx, dst, disk, vhdx.Options{
			DiskID:     plan.FileUUID(o.Seed, "vhdx disk"),
			FileWrite:  plan.FileUUID(o.Seed, "vhdx file"),
			DataWrite:  plan.FileUUID(o.Seed, "vhdx data"),
			SectorSize: o.SectorSize,
		})
	case plan.VMDK:
		return vmdk.Write(ctx, dst, disk, plan.FileUUID(o.Seed, "vmdk"))
	case plan.GCE:
		return gce.Write(ctx, dst, disk, time.Unix(o.Epoch, 0))
	default: // plan.Raw, as Check knows
		return disk.Copy(ctx, dst)
	}
}
