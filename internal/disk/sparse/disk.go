// Package sparse reads raw disks for their data: where the file system has holes nothing is read,
// and blocks of zeros are told from others. What is made of a disk depends on its bytes alone, not
// on where its file has holes.
package sparse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Disk is a raw disk.
type Disk struct {
	// Size in bytes.
	Size int64

	src      io.ReaderAt
	extents  []extent
	progress progress
}

// extent is a part of the disk that may hold data: start <= offset < end, bytes.
type extent struct{ start, end int64 }

// Open finds out where src, a raw disk of size bytes, has data. Holes are known of an *os.File.
// report, where not nil, is called now and then with the bytes of data that are done and all there are.
func Open(src io.ReaderAt, size int64, report func(done, total int64)) (*Disk, error) {
	if file, ok := src.(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode().IsRegular() && info.Size() < size {
			return nil, errors.Join(err, fmt.Errorf("the raw disk %s is not whole: want %d bytes", file.Name(), size))
		}
	}
	extents, err := dataExtents(src, size)
	if err != nil {
		return nil, fmt.Errorf("find the disk's data: %w", err)
	}
	return &Disk{Size: size, src: src, extents: extents, progress: progress{report: report}}, nil
}

// Within is how many bytes of a part of the disk may hold data: those that are no holes of its file.
func (d *Disk) Within(start, size int64) (data int64) {
	for _, e := range d.extents {
		data += max(0, min(e.end, start+size)-max(e.start, start))
	}
	return data
}

// Each calls visit with each of the disk's blocks of n bytes that holds anything but zeros, in order. The last
// one has zeros behind the disk's end. block is used again.
func (d *Disk) Each(ctx context.Context, n int64, visit func(number int64, block []byte) error) error {
	block := make([]byte, n)
	for number := range d.blocks(n) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		data, err := d.Read(block, number)
		if err != nil {
			return err
		}
		if !data {
			continue
		}
		if err := visit(number, block); err != nil {
			return err
		}
	}
	return nil
}

// blocks are the numbers of those blocks, of n bytes each, that may hold data, in order.
func (d *Disk) blocks(n int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		next := int64(0) // two extents may share a block
		for _, e := range d.extents {
			for next = max(next, e.start/n); next*n < e.end; next++ {
				if !yield(next) {
					return
				}
			}
		}
	}
}

// Read fills block, which is one of the disk's at that number, with zeros behind the disk's end. It
// tells whether there is anything but zeros in it.
func (d *Disk) Read(block []byte, number int64) (data bool, err error) {
	at := number * int64(len(block))
	n, err := d.src.ReadAt(block[:min(int64(len(block)), d.Size-at)], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the disk: %w", err)
	}
	clear(block[n:])
	return !allZero(block), nil
}

var zeros [64 << 10]byte

func allZero(block []byte) bool {
	for len(block) > len(zeros) {
		if !bytes.Equal(block[:len(zeros)], zeros[:]) {
			return false
		}
		block = block[len(zeros):]
	}
	return bytes.Equal(block, zeros[:len(block)])
}
