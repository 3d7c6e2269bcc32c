// Package gce writes a disk as Google Compute Engine imports it: the file disk.raw in a tar archive of GNU's old format,
// compressed with gzip. The disk's zeros are holes there too, as `tar --format=oldgnu -S` makes them.
package gce

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
	"github.com/airshipit/packer-plugin-airship/internal/pgzip"
)

const gib = 1 << 30

// Check tells why there can be no image of a disk of size bytes with sectors of so many.
func Check(size, sectorSize int64) error {
	switch {
	case sectorSize != 512:
		return fmt.Errorf("a disk of Compute Engine has sectors of 512 bytes, the disk has %d: want another sector size", sectorSize)
	case size%gib != 0:
		return fmt.Errorf("a disk for Compute Engine has whole GiB, this one has %.3f GiB: want %d GiB", float64(size)/gib, size/gib+1)
	}
	return nil
}

// Write writes a disk to w. modified is the time of disk.raw, in whole seconds.
func Write(ctx context.Context, w io.Writer, disk *sparse.Disk, modified time.Time) error {
	if err := Check(disk.Size, 512); err != nil {
		return err
	}
	regions, err := find(ctx, disk)
	if err != nil {
		return err
	}
	z, err := pgzip.NewWriter(ctx, w)
	if err != nil {
		return err
	}
	err = archive(z, disk, regions, modified)
	// What is written after an error is of no use, but the line must end.
	if closed := z.Close(); err == nil {
		err = closed
	}
	return err
}

func archive(w io.Writer, disk *sparse.Disk, regions []region, modified time.Time) error {
	head := header(disk.Size, regions, modified)
	if _, err := w.Write(head); err != nil {
		return err
	}
	written := int64(len(head))
	block := make([]byte, blockSize)
	for _, r := range regions {
		for at := r.start; at < r.end; at += blockSize {
			if _, err := disk.Read(block, at/blockSize); err != nil {
				return err
			}
			n, err := w.Write(block[:min(blockSize, r.end-at)])
			if err != nil {
				return err
			}
			written += int64(n)
			disk.Reached(at)
		}
	}
	// Two empty blocks end the archive, which is filled up to whole records.
	end := (written + 2*tarBlock + record - 1) / record * record
	_, err := w.Write(make([]byte, end-written))
	return err
}
