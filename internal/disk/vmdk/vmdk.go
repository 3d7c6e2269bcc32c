// Package vmdk writes stream-optimised disks of VMware's "Virtual Disk Format 1.1", as an OVF's disks are and vSphere
// imports them: compressed grains behind markers, tables behind their grains, and at the end a footer that says where these are.
package vmdk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zlib"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
)

const (
	sector    = 512
	grainSize = 64 << 10
	// maxSize leaves room for a disk that cannot be compressed: places in the file are 32-bit numbers of
	// sectors, and a grain takes 129 of these at most.
	maxSize = 2030 << 30
)

// Check tells why there can be no image of a disk of size bytes with sectors of so many.
func Check(size, sectorSize int64) error {
	switch {
	case sectorSize != sector:
		return fmt.Errorf("a VMDK has sectors of %d bytes, the disk has %d: want another sector size", sector, sectorSize)
	case size > maxSize:
		return fmt.Errorf("a stream-optimised VMDK holds at most 2030 GiB, the disk has %.1f GiB: want a smaller disk", float64(size)/(1<<30))
	case size%grainSize != 0:
		return fmt.Errorf("a VMDK has whole grains of 64 KiB, the disk has %d bytes: want %d KiB", size, (size/grainSize+1)*grainSize>>10)
	}
	return nil
}

// Write writes a disk to w. Grains of zeros take no room. The content's ID follows from id.
func Write(ctx context.Context, w io.Writer, disk *sparse.Disk, id uuid.UUID) error {
	if err := Check(disk.Size, sector); err != nil {
		return err
	}
	s := newStream(w, disk.Size)
	if err := s.begin(descriptor(disk.Size, id)); err != nil {
		return err
	}
	err := disk.Compress(ctx, grainSize, compressor, func(grain *sparse.Block) error {
		return s.grain(grain.Number, grain.Out.Bytes())
	})
	if err != nil {
		return err
	}
	return s.finish()
}

// markerSize is that of a grain's marker: its first sector on the disk, and the compressed data's length.
const markerSize = 8 + 4

// compressor gives each grain its marker, and fills it up to whole sectors.
func compressor() (func(*sparse.Block) error, error) {
	deflate := zlib.NewWriter(nil)
	return func(grain *sparse.Block) error {
		out := &grain.Out
		out.Write(make([]byte, markerSize))
		deflate.Reset(out)
		if _, err := deflate.Write(grain.Data); err != nil {
			return err
		}
		if err := deflate.Close(); err != nil {
			return err
		}
		marker := out.Bytes()
		binary.LittleEndian.PutUint64(marker, uint64(grain.Number*grainSectors))
		binary.LittleEndian.PutUint32(marker[8:], uint32(out.Len()-markerSize))
		out.Write(make([]byte, -out.Len()&(sector-1)))
		return nil
	}, nil
}
