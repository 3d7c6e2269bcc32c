// Package pgzip compresses a stream to gzip on all cores, as pigz does. Bytes enter; a single gzip
// member leaves (RFC 1952), as some readers stop at the first one's end. Each block of 1 MiB is
// deflated by itself, with the 32 KiB before it as its dictionary, and ends at a byte's boundary.
//
// Equal streams give equal bytes, however they are cut into writes and whatever the number of cores.
package pgzip

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/airshipit/packer-plugin-airship/internal/inorder"
)

const (
	blockSize = 1 << 20
	window    = 32 << 10 // deflate's
	ahead     = 4
)

// header has no name and no time: deflate, from an unknown system.
var header = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

// Writer compresses what is written to it. After an error only Close is of use.
type Writer struct {
	*inorder.Stream

	w io.Writer
	// The stream's writing stage's, and Close's afterwards.
	crc  uint32
	size uint32 // modulo 2^32
}

// NewWriter compresses to w, until Close. The work ends early with ctx.
func NewWriter(ctx context.Context, w io.Writer) (*Writer, error) {
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	z := &Writer{w: w}
	var err error
	z.Stream, err = inorder.StartStream(ctx, inorder.Chunking{
		Size: blockSize, Before: window, Worker: worker, Write: z.write, Ahead: ahead,
	})
	return z, err
}

func worker() (func(*inorder.Chunk) error, error) {
	deflate, err := flate.NewWriter(nil, flate.DefaultCompression)
	return func(c *inorder.Chunk) error {
		deflate.ResetDict(&c.Out, c.Before)
		if _, err := deflate.Write(c.Content); err != nil {
			return err
		}
		if c.Last {
			return deflate.Close()
		}
		return deflate.Flush()
	}, err
}

func (w *Writer) write(c *inorder.Chunk) error {
	w.crc = crc32.Update(w.crc, crc32.IEEETable, c.Content)
	w.size += uint32(len(c.Content))
	_, err := w.w.Write(c.Out.Bytes())
	return err
}

// Close writes what is left and the member's trailer. It does not close the writer below.
func (w *Writer) Close() error {
	if err := w.Stream.Close(); err != nil {
		return err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, w.crc)
	_, err := w.w.Write(binary.LittleEndian.AppendUint32(trailer, w.size))
	return err
}
