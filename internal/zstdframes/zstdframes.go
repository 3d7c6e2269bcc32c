// Package zstdframes compresses a stream to zstd on all cores. Bytes enter; frames leave that know
// nothing of one another, of 4 MiB of content each. Every zstd reader takes them one after another
// (RFC 8878, section 3: "Zstandard compressed data is made up of one or more frames").
//
// Equal streams give equal bytes, however they are cut into writes and whatever the number of cores.
package zstdframes

import (
	"bytes"
	"context"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/airshipit/packer-plugin-airship/internal/inorder"
)

// frameSize is the content of a frame, bytes. It is also the window, and readers need not accept
// windows of more than 8 MiB.
const frameSize = 4 << 20

// ahead keeps the memory at some 25 MiB for each core.
const ahead = 3

// Writer compresses what is written to it. After an error only Close is of use.
type Writer struct {
	line    *inorder.Line[frame]
	current *inorder.Job[frame] // being filled; nil where none is
	sent    bool                // a frame, so the result is not empty
	err     error
}

type frame struct {
	content []byte // up to frameSize
	zeros   bool   // the content is frameSize zeros, whatever is in content
	out     []byte
}

// NewWriter compresses to w, until Close. The work ends early with ctx.
func NewWriter(ctx context.Context, w io.Writer) (*Writer, error) {
	ofZeros, err := newEncoder()
	if err != nil {
		return nil, err
	}
	zeroFrame := ofZeros.EncodeAll(zeros[:], nil)
	line, err := inorder.Start(ctx, inorder.Stages[frame]{
		New: func() *frame { return &frame{content: make([]byte, 0, frameSize)} },
		Worker: func() (func(*frame) error, error) {
			encoder, err := newEncoder()
			return func(f *frame) error {
				if f.zeros || bytes.Equal(f.content, zeros[:]) {
					f.out = append(f.out[:0], zeroFrame...)
				} else {
					f.out = encoder.EncodeAll(f.content, f.out[:0])
				}
				return nil
			}, err
		},
		Write: func(f *frame) error {
			_, err := w.Write(f.out)
			return err
		},
		Ahead: ahead,
	})
	if err != nil {
		return nil, err
	}
	return &Writer{line: line}, nil
}

var zeros [frameSize]byte

func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(frameSize), zstd.WithZeroFrames(true))
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return written, err
		}
		f := w.current.Value
		n := min(len(p), frameSize-len(f.content))
		f.content = append(f.content, p[:n]...)
		if len(f.content) == frameSize {
			w.send()
		}
		p = p[n:]
		written += n
	}
	return written, nil
}

// Zeros is a Write of n zeros that costs next to nothing.
func (w *Writer) Zeros(n int64) error {
	for n > 0 {
		if err := w.room(); err != nil {
			return err
		}
		if f := w.current.Value; n >= frameSize && len(f.content) == 0 {
			f.zeros = true
			w.send()
			n -= frameSize
			continue
		}
		some := min(n, int64(frameSize-len(w.current.Value.content)))
		if _, err := w.Write(zeros[:some]); err != nil {
			return err
		}
		n -= some
	}
	return nil
}

// room sees to it that there is a frame to fill.
func (w *Writer) room() error {
	if w.err != nil || w.current != nil {
		return w.err
	}
	if w.current, w.err = w.line.Take(); w.err != nil {
		return w.err
	}
	w.current.Value.content = w.current.Value.content[:0]
	w.current.Value.zeros = false
	return nil
}

func (w *Writer) send() {
	w.line.Send(w.current)
	w.current, w.sent = nil, true
}

// Close finishes the last frame and waits until all are written. It does not close the writer below.
func (w *Writer) Close() error {
	if !w.sent && w.room() == nil || w.current != nil {
		w.send()
	}
	return w.line.Close(w.err)
}
