// Package compression reads what Debian archives compress: indices and the members of a .deb.
//
// A compressed stream and the extension of its name go in, the plain stream comes out. Every
// decoder here checks the format's own checksums and bounds its memory.
package compression

import (
	"bufio"
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

const (
	// maxDictionary is what xz -9 needs; Debian's archive compresses with less.
	maxDictionary = 64 << 20
	// maxWindow of a zstd frame: level 19 needs 8 MiB, --ultra -22 needs 128 MiB.
	maxWindow = 128 << 20
	// readAhead spares the decoders, which ask for single bytes, a system call each.
	readAhead = 64 << 10
)

// Extensions are those that NewReader knows, the one that costs least in transfer and time first.
// The empty one is a plain stream.
func Extensions() []string { return []string{".xz", ".zst", ".gz", ".bz2", ""} }

// NewReader decompresses r by the extension of its name: .xz, .zst, .gz, .bz2 or none. Closing the
// reader releases the decoder and leaves r open.
func NewReader(r io.Reader, extension string) (io.ReadCloser, error) {
	switch extension {
	case "":
		return io.NopCloser(r), nil
	case ".xz":
		// Over github.com/ulikunitz/xz, which writes the format as well: this one decodes the
		// archive's packages in 0.6 of the time and a quarter of the allocations.
		plain, err := xz.NewReader(bufio.NewReaderSize(r, readAhead), maxDictionary)
		if err != nil {
			return nil, fmt.Errorf("read xz header: %w", err)
		}
		return io.NopCloser(plain), nil
	case ".gz":
		plain, err := gzip.NewReader(bufio.NewReaderSize(r, readAhead))
		if err != nil {
			return nil, fmt.Errorf("read gzip header: %w", err)
		}
		// Its Close would only repeat the error of a Read.
		return io.NopCloser(plain), nil
	case ".zst":
		plain, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("start zstd decoder: %w", err)
		}
		return plain.IOReadCloser(), nil
	case ".bz2":
		return io.NopCloser(bzip2.NewReader(bufio.NewReaderSize(r, readAhead))), nil
	}
	return nil, fmt.Errorf("compression %s is not supported (xz, zst, gz, bz2 or none)", extension)
}
