package archive

import (
	"context"
	"io"

	"github.com/klauspost/compress/zstd"
)

// WriteZstd compresses a tar archive.
func WriteZstd(ctx context.Context, to io.Writer, archive io.Reader) error {
	w, err := zstd.NewWriter(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, reader{ctx, archive}); err != nil {
		return err
	}
	return w.Close()
}
