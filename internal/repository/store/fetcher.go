package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-multierror"
)

// Options of a Fetcher. Zero values stand for the defaults named.
type Options struct {
	Proxies Proxies
	// CABundle is a PEM file of certificate authorities that are trusted besides the system's.
	CABundle string
	// Parallel is how many files are downloaded at a time. Default 8.
	Parallel int
	// Retries is how often a file is tried again after an error that may pass: the network's, 5xx,
	// 429, a body that ends early. Default 3; negative for none.
	Retries int
	// Backoff is the pause before the first retry; it doubles with each. Default 1 s.
	Backoff time.Duration
	// ConnectTimeout bounds a connection and its TLS handshake (default 15 s each), HeaderTimeout
	// the wait for an answer (30 s), StallTimeout the wait for the next byte (30 s). A download as a
	// whole may take as long as it likes.
	ConnectTimeout, HeaderTimeout, StallTimeout time.Duration
	// Progress is called about once a second during a Fetch, and at its end, never twice at a time.
	Progress func(Progress)
	// Log takes lines for the user: retries, waiting for another build. It may be called by several
	// goroutines at a time.
	Log func(format string, args ...any)
}

// Fetcher downloads into a Store. Its methods are safe for concurrent use.
type Fetcher struct {
	store   *Store
	options Options
	client  *http.Client
	proxyOf func(*url.URL) (*url.URL, error)
}

// NewFetcher checks the proxies and reads the CA bundle; it opens no connection.
func NewFetcher(s *Store, o Options) (*Fetcher, error) {
	setDefault(&o.Parallel, 8)
	setDefault(&o.Retries, 3)
	setDefault(&o.Backoff, time.Second)
	setDefault(&o.ConnectTimeout, 15*time.Second)
	setDefault(&o.HeaderTimeout, 30*time.Second)
	setDefault(&o.StallTimeout, 30*time.Second)
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	f := &Fetcher{store: s, options: o}
	var err error
	if f.proxyOf, err = o.Proxies.choice(); err != nil {
		return nil, err
	}
	transport, err := f.transport()
	if err != nil {
		return nil, err
	}
	f.client = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	return f, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// NewClient asks by the proxies, authorities and timeouts of o, for what goes into no Store.
func NewClient(o Options) (*http.Client, error) {
	f, err := NewFetcher(nil, o)
	if err != nil {
		return nil, err
	}
	return f.Client(), nil
}

// Client asks by the Fetcher's proxies, authorities and timeouts.
func (f *Fetcher) Client() *http.Client {
	return &http.Client{Transport: watchful{f}, CheckRedirect: checkRedirect}
}

// watchful ends an answer from which nothing comes any more.
type watchful struct{ *Fetcher }

// RoundTrip implements http.RoundTripper.
func (w watchful) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	response, err := w.client.Transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	response.Body = &watched{body: response.Body, ctx: ctx, cancel: cancel, patience: w.options.StallTimeout}
	return response, nil
}

// Close closes idle connections.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// Fetch downloads those items that the store lacks. Several may fail, each with an error in a
// *multierror.Error: a *StatusError, *MismatchError, *ProxyError or another of the network. A
// *DiskError, or the end of ctx, ends everything. What did arrive stays, for the next Fetch.
func (f *Fetcher) Fetch(ctx context.Context, items []Item) error {
	missing, err := f.missing(items)
	if err != nil || len(missing) == 0 {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return newBatch(f, missing).run(ctx)
}

// wanted is a missing file and where to get it.
type wanted struct {
	Item
	from address
}

// missing are the items that the store lacks, each hash once, in their order.
func (f *Fetcher) missing(items []Item) ([]wanted, error) {
	var result []wanted
	var wrong *multierror.Error
	seen := map[string]bool{}
	for _, item := range items {
		from, err := parseAddress(item.URL)
		if !validSHA256(item.SHA256) {
			err = errors.Join(err, fmt.Errorf("%q is not a SHA-256 in lower-case hexadecimal", item.SHA256))
		}
		if err != nil {
			wrong = multierror.Append(wrong, fmt.Errorf("%s: %w", item.Name, err))
			continue
		}
		if seen[item.SHA256] || f.store.holds(item.SHA256, item.Size) {
			continue
		}
		seen[item.SHA256] = true
		result = append(result, wanted{Item: item, from: from})
	}
	return result, wrong.ErrorOrNil()
}
