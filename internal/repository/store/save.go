package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Save downloads a file of any size that no hash is known of into an open file, retried from its start;
// a file that the server lacks is a *StatusError with the code 404.
func (f *Fetcher) Save(ctx context.Context, url string, to *os.File) error {
	from, err := parseAddress(url)
	if err != nil {
		return err
	}
	return f.retry(ctx, func() error {
		if _, err := to.Seek(0, io.SeekStart); err != nil {
			return f.store.fault(err)
		}
		if err := to.Truncate(0); err != nil {
			return f.store.fault(err)
		}
		return f.save(ctx, from, to)
	})
}

func (f *Fetcher) save(ctx context.Context, from address, to *os.File) error {
	response, err := f.exchange(ctx, from, http.Header{"Cache-Control": {"max-age=0"}})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	written, err := io.Copy(to, response.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && response.ContentLength > written {
		err = errTruncated
	}
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}
