// Package pgzip compresses a stream to gzip on all cores, as pigz does. Bytes enter; a single gzip
// member leaves (RFC 1952), as some readers stop at the first one's end. Each block of 1 MiB is deflated by itself, with the 32 KiB
// before it as its dictionary, and ends at a byte's boundary.
//
// Equal streams give equal bytes, however they are cut into writes and whatever the number of cores.
package pgzip

import (
	"bytes"
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
	w       io.Writer
	line    *inorder.Line[block]
	current *inorder.Job[block] // being filled; nil where none is
	before  []byte              // the end of the last block, up to window bytes
	err     error

	// The writing stage's, and Close's afterwards.
	crc  uint32
	size uint32 // modulo 2^32
}

type block struct {
	dictionary []byte
	content    []byte // up to blockSize
	last       bool
	out        bytes.Buffer
}

// NewWriter compresses to w, until Close. The work ends early with ctx.
func NewWriter(ctx context.Context, w io.Writer) (*Writer, error) {
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	z := &Writer{w: w}
	var err error
	z.line, err = inorder.Start(ctx, inorder.Stages[block]{
		New:    func() *block { return &block{content: make([]byte, 0, blockSize)} },
		Worker: worker,
		Write:  z.write,
		Ahead:  ahead,
	})
	return z, err
}

func worker() (func(*block) error, error) {
	deflate, err := flate.NewWriter(nil, flate.DefaultCompression)
	return func(b *block) error {
		b.out.Reset()
		deflate.ResetDict(&b.out, b.dictionary)
		if _, err := deflate.Write(b.content); err != nil {
			return err
		}
		if b.last {
			return deflate.Close()
		}
		return deflate.Flush()
	}, err
}

func (w *Writer) write(b *block) error {
	w.crc = crc32.Update(w.crc, crc32.IEEETable, b.content)
	w.size += uint32(len(b.content))
	_, err := w.w.Write(b.out.Bytes())
	return err
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return written, err
		}
		b := w.current.Value
		n := min(len(p), blockSize-len(b.content))
		b.content = append(b.content, p[:n]...)
		if len(b.content) == blockSize {
			w.before = append(w.before[:0], b.content[blockSize-window:]...)
			w.send(false)
		}
		p = p[n:]
		written += n
	}
	return written, nil
}

// room sees to it that there is a block to fill.
func (w *Writer) room() error {
	if w.err != nil || w.current != nil {
		return w.err
	}
	if w.current, w.err = w.line.Take(); w.err != nil {
		return w.err
	}
	b := w.current.Value
	b.dictionary = append(b.dictionary[:0], w.before...)
	b.content = b.content[:0]
	return nil
}

func (w *Writer) send(last bool) {
	w.current.Value.last = last
	w.line.Send(w.current)
	w.current = nil
}

// Close writes what is left and the member's trailer. It does not close the writer below.
func (w *Writer) Close() error {
	if w.room() == nil {
		w.send(true)
	}
	if err := w.line.Close(w.err); err != nil {
		return err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, w.crc)
	_, err := w.w.Write(binary.LittleEndian.AppendUint32(trailer, w.size))
	return err
}
