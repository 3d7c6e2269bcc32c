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

var zeros [frameSize]byte

// NewWriter compresses to w what is written to the stream, until its Close, which leaves w open. Its Zeros cost
// next to nothing. The work ends early with ctx.
func NewWriter(ctx context.Context, w io.Writer) (*inorder.Stream, error) {
	encoder, err := newEncoder()
	if err != nil {
		return nil, err
	}
	zeroFrame := encoder.EncodeAll(zeros[:], nil)
	return inorder.StartStream(ctx, inorder.Chunking{
		Size:  frameSize,
		Ahead: ahead,
		Worker: func() (func(*inorder.Chunk) error, error) {
			encoder, err := newEncoder()
			return func(c *inorder.Chunk) error {
				switch {
				case len(c.Content) == 0 && c.Number > 0:
					// The frames before are all; only an empty stream has an empty frame.
				case c.Zeros || bytes.Equal(c.Content, zeros[:]):
					c.Out.Write(zeroFrame)
				default:
					c.Out.Write(encoder.EncodeAll(c.Content, c.Out.AvailableBuffer()))
				}
				return nil
			}, err
		},
		Write: func(c *inorder.Chunk) error {
			_, err := w.Write(c.Out.Bytes())
			return err
		},
	})
}

func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(frameSize), zstd.WithZeroFrames(true))
}
