package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Get downloads a small file that no hash is known of (InRelease), retried like the others, past
// caches that did not ask the server. A file larger than limit bytes is an error; a file that the
// server lacks is a *StatusError with the code 404.
func (f *Fetcher) Get(ctx context.Context, url string, limit int64) ([]byte, error) {
	from, err := parseAddress(url)
	if err != nil {
		return nil, err
	}
	var data []byte
	err = f.retry(ctx, func() error {
		data, err = f.small(ctx, from, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

func (f *Fetcher) small(ctx context.Context, from address, limit int64) ([]byte, error) {
	header := http.Header{}
	header.Set("Cache-Control", "max-age=0")
	response, err := f.exchange(ctx, from, header)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.ContentLength > limit {
		return nil, &sizeLimitError{url: from.String(), limit: limit}
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errTruncated
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if int64(len(data)) > limit {
		return nil, &sizeLimitError{url: from.String(), limit: limit}
	}
	return data, nil
}
