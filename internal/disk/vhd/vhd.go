// Package vhd writes fixed disks of Microsoft's "Virtual Hard Disk Image Format Specification" 1.0, as
// Azure takes them: the raw disk, and a footer of 512 bytes behind it.
package vhd

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
)

const (
	mib = 1 << 20
	// maxSize is the format's largest disk, 2040 GiB.
	maxSize = 2040 << 30
)

// Options of Write.
type Options struct {
	ID      uuid.UUID
	Created time.Time // whole seconds, from 2000 on
}

// Check tells why there can be no image of a disk of size bytes with sectors of so many.
func Check(size, sectorSize int64) error {
	switch {
	case sectorSize != sector:
		return fmt.Errorf("a VHD has sectors of %d bytes, the disk has %d: want vhdx, or another sector size", sector, sectorSize)
	case size > maxSize:
		return fmt.Errorf("a VHD holds at most 2040 GiB, the disk has %.1f GiB: want vhdx, or a smaller disk", float64(size)/(1<<30))
	case size%mib != 0:
		return fmt.Errorf("a VHD for Azure has whole MiB, the disk has %d bytes: want %d MiB", size, size/mib+1)
	}
	return nil
}

// Write writes a disk to dst, an empty file. Zeros become holes of the file.
func Write(ctx context.Context, dst *os.File, disk *sparse.Disk, o Options) error {
	if err := Check(disk.Size, sector); err != nil {
		return err
	}
	if err := disk.Copy(ctx, dst); err != nil {
		return err
	}
	_, err := dst.WriteAt(footer(disk.Size, o), disk.Size)
	return err
}
