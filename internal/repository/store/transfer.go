package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// errTruncated says that a body ended early; what did come is kept and continued.
var errTruncated = errors.New("the file ended early")

// errWrongRange is a retry's case, without a range.
var errWrongRange = errors.New("the server sent another range than the one asked for")

// transfer is one file on its way into the store.
type transfer struct {
	wanted
	fetcher *Fetcher
	part    *partial
	meter   *meter
	// fresh is set for the one new try after wrong contents.
	fresh bool
}

// bring downloads one file, or finds that another process has done so meanwhile. Where another is
// at it, bring waits, or returns flock.ErrBusy.
func (f *Fetcher) bring(ctx context.Context, w wanted, m *meter, wait bool) error {
	part, err := f.store.acquire(ctx, w.SHA256, wait)
	if err != nil {
		return err
	}
	defer part.release()
	if f.store.holds(w.SHA256, w.Size) {
		m.add(w.Size)
		return nil
	}
	t := &transfer{wanted: w, fetcher: f, part: part, meter: m}
	if err := part.reread(ctx); err != nil {
		return err
	}
	m.add(part.size)
	return f.retry(ctx, func() error { return t.attempt(ctx) })
}

// attempt goes on from what is there. Wrong contents, wherever they came from, are thrown away and
// asked for once more, past any cache between here and the server.
func (t *transfer) attempt(ctx context.Context) error {
	err := t.complete(ctx)
	var wrong *MismatchError
	if errors.As(err, &wrong) && !t.fresh {
		t.fresh = true
		t.fetcher.options.Log("%s; trying once more from the start", err)
		err = t.complete(ctx)
	}
	return err
}

// complete reads the rest, compares, and commits.
func (t *transfer) complete(ctx context.Context) error {
	if t.part.sum() != t.SHA256 {
		if err := t.receive(ctx); err != nil {
			return err
		}
	}
	if got := t.part.sum(); got != t.SHA256 {
		wrong := t.mismatch(t.part.size)
		if t.Size == 0 || t.part.size == t.Size {
			wrong.Got = got
		}
		if err := t.restart(); err != nil {
			return err
		}
		return wrong
	}
	return t.part.commit(t.SHA256)
}

// receive appends what is missing. It returns nil once the file has its size, or where that is not
// known the server says that it is whole.
func (t *transfer) receive(ctx context.Context) error {
	if t.Size > 0 && t.part.size > t.Size {
		if err := t.restart(); err != nil {
			return err
		}
	}
	if t.Size > 0 && t.part.size == t.Size {
		return nil
	}
	response, err := t.ask(ctx)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if announced := response.ContentLength; response.StatusCode == http.StatusOK &&
		t.Size > 0 && announced >= 0 && announced != t.Size {
		return t.mismatch(announced)
	}
	if err := t.read(ctx, response.Body); err != nil {
		return err
	}
	if t.part.size < t.Size {
		return fmt.Errorf("%s: %w, after %d of %d bytes", t.from, errTruncated, t.part.size, t.Size)
	}
	return nil
}

// ask requests the bytes from where the file ends. A server that answers with the whole file, or
// knows no such range, makes it start over.
func (t *transfer) ask(ctx context.Context) (*http.Response, error) {
	header := http.Header{}
	// A compressed transfer would have other offsets.
	header.Set("Accept-Encoding", "identity")
	if t.fresh {
		header.Set("Cache-Control", "no-cache")
	}
	if t.part.size > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", t.part.size))
	}
	response, err := t.fetcher.exchange(ctx, t.from, header)
	var status *StatusError
	if errors.As(err, &status) && status.Code == http.StatusRequestedRangeNotSatisfiable && t.part.size > 0 {
		if err := t.restart(); err != nil {
			return nil, err
		}
		return t.ask(ctx)
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusPartialContent {
		if start, ok := rangeStart(response.Header.Get("Content-Range")); !ok || start != t.part.size {
			response.Body.Close()
			if err := t.restart(); err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("%s: %w", t.from, errWrongRange)
		}
		return response, nil
	}
	if err := t.restart(); err != nil {
		response.Body.Close()
		return nil, err
	}
	return response, nil
}

func (t *transfer) read(ctx context.Context, body io.Reader) error {
	if t.Size > 0 {
		// One byte too many is enough to tell.
		body = io.LimitReader(body, t.Size-t.part.size+1)
	}
	err := copyBytes(ctx, writerFunc(t.write), body)
	var disk *DiskError
	if err == nil || ctx.Err() != nil || errors.As(err, &disk) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w, after %d bytes", t.from, errTruncated, t.part.size)
	}
	return fmt.Errorf("%s: %w", t.from, err)
}

func (t *transfer) write(data []byte) (int, error) {
	n, err := t.part.Write(data)
	t.meter.add(int64(n))
	return n, err
}

func (t *transfer) restart() error {
	t.meter.add(-t.part.size)
	return t.part.restart()
}

func (t *transfer) mismatch(got int64) *MismatchError {
	return &MismatchError{
		Name: t.Name, URL: t.from.String(), Expected: t.SHA256, ExpectedSize: t.Size, GotSize: got,
	}
}

// rangeStart reads "bytes 100-199/200" or "bytes 100-199/*" (RFC 9110, section 14.4).
func rangeStart(contentRange string) (int64, bool) {
	unit, rest, _ := strings.Cut(contentRange, " ")
	first, _, found := strings.Cut(rest, "-")
	if !strings.EqualFold(unit, "bytes") || !found {
		return 0, false
	}
	start, err := strconv.ParseUint(first, 10, 63)
	return int64(start), err == nil
}
