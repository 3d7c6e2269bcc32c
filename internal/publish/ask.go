package publish

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// part is a piece of a blob that goes into one request.
type part struct {
	from   io.ReaderAt
	at     int64
	length int64
	sent   func(done int64) // is told how far the part is, in bytes
}

// address is a path's in the repository: /blobs/uploads/.
func (c *connection) address(path string) *url.URL {
	scheme := "https"
	if c.PlainHTTP {
		scheme = "http"
	}
	return &url.URL{Scheme: scheme, Host: c.Reference.Host(), Path: "/v2/" + c.Reference.Repository + path}
}

// ask sends one request, with the credentials for it. A request that the registry does not want to go on with, because it takes no bytes of
// the body or sends no answer, ends after the timeouts. The answer, with its status, is the caller's to close.
func (c *connection) ask(ctx context.Context, method string, to *url.URL, header http.Header, body *part) (*http.Response, error) {
	ctx = auth.AppendRepositoryScope(ctx, c.Reference, auth.ActionPull, auth.ActionPush)
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if body != nil {
		w := &watch{patience: c.StallTimeout, answer: c.AnswerTimeout}
		w.timer = time.AfterFunc(c.StallTimeout, func() { cancel(w.cause()) })
		defer w.timer.Stop()
		request.ContentLength = body.length
		// Credentials that ran out meanwhile are renewed, and the part is sent once more.
		request.GetBody = func() (io.ReadCloser, error) {
			return &watched{SectionReader: io.NewSectionReader(body.from, body.at, body.length), watch: w, sent: body.sent}, nil
		}
		request.Body, _ = request.GetBody()
	}
	response, err := c.Client.Do(request)
	if err != nil {
		cause := context.Cause(ctx)
		cancel(nil)
		if errors.Is(cause, errStalled) || errors.Is(cause, errSilent) {
			return nil, cause
		}
		return nil, err
	}
	response.Body = &ending{response.Body, func() { cancel(nil) }}
	return response, nil
}

// want is ask for an answer with one of some statuses; its body is read to its end and closed.
func (c *connection) want(ctx context.Context, method string, to *url.URL, header http.Header, body *part, statuses ...int) (*http.Response, error) {
	response, err := c.ask(ctx, method, to, header, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	for _, s := range statuses {
		if response.StatusCode == s {
			// So that the connection is used again.
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
			return response, nil
		}
	}
	return nil, failed(response)
}

// failed is the error that an answer says (distribution-spec v1.1, "Error Codes").
func failed(response *http.Response) error {
	e := &errcode.ErrorResponse{Method: response.Request.Method, URL: response.Request.URL, StatusCode: response.StatusCode}
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	if json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&body) == nil {
		e.Errors = body.Errors
	}
	return &refusal{e, store.RetryAfter(response.Header)}
}

// Unwrap shows the answer to errors.As.
func (r *refusal) Unwrap() error { return r.ErrorResponse }

// session is where an answer says that the upload goes on: relative or absolute, with a query as a rule.
func (c *connection) session(response *http.Response) (*url.URL, error) {
	location, err := response.Location()
	if err != nil {
		return nil, c.Fail("names no place for the upload", err)
	}
	return c.sameHost(location)
}

// sameHost refuses an upload to another host, which would get the credentials. A registry behind a proxy for TLS may not know that it
// is spoken to by https, and some leave the port out.
func (c *connection) sameHost(location *url.URL) (*url.URL, error) {
	own := c.address("")
	fixed := *location
	fixed.User = nil
	if !strings.EqualFold(location.Hostname(), own.Hostname()) || location.Port() != "" && port(location) != port(own) && location.Scheme == own.Scheme {
		return nil, c.Fail("wants the upload to go to another host, "+location.Host+", which would get the credentials", nil)
	}
	fixed.Scheme, fixed.Host = own.Scheme, own.Host
	return &fixed, nil
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// received reads "0-1023" or "bytes=0-1023", where a registry says what it has of an upload, as the number of bytes. Of 0-0 it isn't known whether
// it is one byte or, as Docker's registry writes it, none.
func received(header string) (int64, bool) {
	header = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(header), "bytes="), "bytes ")
	first, last, found := strings.Cut(header, "-")
	if !found || first != "0" {
		return 0, false
	}
	end, err := strconv.ParseUint(last, 10, 62)
	if err != nil || end == 0 {
		return 0, false
	}
	return int64(end) + 1, true
}

// digestOf is what an answer says to be the digest; empty where it says none that is known.
func digestOf(header http.Header) digest.Digest {
	d := digest.Digest(header.Get("Docker-Content-Digest"))
	if d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return ""
	}
	return d
}

// watch ends a request whose body is not taken, or not answered.
type watch struct {
	timer            *time.Timer
	patience, answer time.Duration
	whole            atomic.Bool
}

func (w *watch) cause() error {
	if w.whole.Load() {
		return errSilent
	}
	return errStalled
}

// watched is a part on its way.
type watched struct {
	*io.SectionReader
	*watch
	sent func(int64)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.SectionReader.Read(p)
	done, _ := w.Seek(0, io.SeekCurrent)
	// When everything is taken the time is the registry's.
	w.whole.Store(done == w.Size())
	if done == w.Size() {
		w.timer.Reset(w.answer)
	} else {
		w.timer.Reset(w.patience)
	}
	if w.sent != nil {
		w.sent(done)
	}
	return n, err
}

// WriteTo must not be promoted: it would pass Read by.
func (w *watched) WriteTo(to io.Writer) (int64, error) {
	return io.Copy(to, struct{ io.Reader }{w})
}

func (w *watched) Close() error { return nil }

// ending is a body that ends something with it.
type ending struct {
	io.ReadCloser
	end func()
}

func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
