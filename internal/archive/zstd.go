package archive

import (
	"context"
	"errors"
	"io"

	"github.com/airshipit/packer-plugin-airship/internal/zstdframes"
)

// WriteZstd compresses a tar archive.
func WriteZstd(ctx context.Context, to io.Writer, archive io.Reader) error {
	w, err := zstdframes.NewWriter(ctx, to)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, archive)
	return errors.Join(err, w.Close())
}
