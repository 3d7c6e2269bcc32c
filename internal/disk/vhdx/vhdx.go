// Package vhdx writes dynamic disks of Hyper-V's format, as [MS-VHDX] specifies it: blocks of zeros take
// no room. The log is empty.
package vhdx

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	// blockSize is the smallest that the format allows, which is also the one that Microsoft advises
	// for Linux: its file systems are spread over the disk.
	blockSize = mib
	// maxSize is the format's largest disk, 64 TiB.
	maxSize = 64 << 40
)

// Places in the file, bytes ([MS-VHDX] 2.1): the header section's structures have their own, the
// regions follow in this order, each at a multiple of 1 MiB.
const (
	identifierAt = 0
	header1At    = 64 * kib
	header2At    = 128 * kib
	region1At    = 192 * kib
	region2At    = 256 * kib
	logAt        = 1 * mib
	logSize      = 1 * mib
	metadataAt   = logAt + logSize
	metadataSize = 1 * mib
	batAt        = metadataAt + metadataSize
)

// Options of Write.
type Options struct {
	// DiskID is what the guest sees; FileWrite and DataWrite change with the file and with its data.
	DiskID, FileWrite, DataWrite uuid.UUID
	SectorSize                   int64 // of the disk, bytes: 512 or 4096
}

// Check tells why there can be no image of a disk of size bytes with sectors of so many.
func Check(size, sectorSize int64) error {
	switch {
	case sectorSize != 512 && sectorSize != 4096:
		return fmt.Errorf("a VHDX has sectors of 512 or 4096 bytes, the disk has %d", sectorSize)
	case size > maxSize:
		return fmt.Errorf("a VHDX holds at most 64 TiB, the disk has %.1f TiB: want a smaller disk", float64(size)/(1<<40))
	case size%sectorSize != 0:
		return fmt.Errorf("a VHDX has whole sectors of %d bytes, the disk has %d bytes", sectorSize, size)
	}
	return nil
}

// Write writes a disk to dst, an empty file.
func Write(ctx context.Context, dst *os.File, disk *sparse.Disk, o Options) error {
	if err := Check(disk.Size, o.SectorSize); err != nil {
		return err
	}
	bat := newBAT(disk.Size, o.SectorSize)
	end := int64(batAt + bat.regionSize())
	if err := dst.Truncate(end); err != nil {
		return err
	}
	err := disk.Each(ctx, blockSize, func(number int64, block []byte) error {
		disk.Reached(number * blockSize)
		at := end
		end += blockSize
		bat.present(number, at)
		if err := dst.Truncate(end); err != nil {
			return err
		}
		return sparse.WriteData(dst, block, at)
	})
	if err != nil {
		return err
	}
	for _, p := range structures(disk.Size, bat, o) {
		if _, err := dst.WriteAt(p.data, p.at); err != nil {
			return err
		}
	}
	return nil
}
