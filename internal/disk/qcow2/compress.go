package qcow2

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// Compression of the clusters.
type Compression string

// The compressions that the format knows, and none.
const (
	None Compression = "none"
	Zlib Compression = "zlib" // every reader knows it
	Zstd Compression = "zstd" // QEMU 5.1 and newer, where built with it
)

// deflateWindow is fixed by the format: QEMU inflates with 12 window bits.
const deflateWindow = 1 << 12

// compressor compresses one cluster at a time. A result of clusterSize or more is of no use.
type compressor interface {
	compress(dst *bytes.Buffer, cluster []byte) error
}

func (c Compression) compressor() (compressor, error) {
	switch c {
	case None:
		return stored{}, nil
	case Zlib:
		w, err := flate.NewWriterWindow(nil, deflateWindow)
		return deflater{w}, err
	case Zstd:
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(clusterSize))
		return zstandard{w}, err
	default:
		return nil, fmt.Errorf("qcow2 compression %q: want zlib, zstd or none", string(c))
	}
}

type stored struct{}

func (stored) compress(dst *bytes.Buffer, cluster []byte) error {
	dst.Write(cluster)
	return nil
}

// deflater writes raw deflate, without zlib's header.
type deflater struct{ w *flate.Writer }

func (d deflater) compress(dst *bytes.Buffer, cluster []byte) error {
	d.w.Reset(dst)
	if _, err := d.w.Write(cluster); err != nil {
		return err
	}
	return d.w.Close()
}

type zstandard struct{ w *zstd.Encoder }

func (z zstandard) compress(dst *bytes.Buffer, cluster []byte) error {
	dst.Write(z.w.EncodeAll(cluster, dst.AvailableBuffer()))
	return nil
}
