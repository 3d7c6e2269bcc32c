package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// errStalled is a retry's case: the connection lives and nothing comes.
var errStalled = errors.New("no data for")

// exchange asks once and returns an answer 200 or 206, whose body fails when nothing comes for
// StallTimeout. Any other status is a *StatusError, or a *ProxyError for 407.
func (f *Fetcher) exchange(ctx context.Context, from address, header http.Header) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from.url.String(), nil)
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", "packer-plugin-airship")
	if from.user != nil {
		// As a header it survives a redirect within the same host, and stays out of errors.
		password, _ := from.user.Password()
		request.SetBasicAuth(from.user.Username(), password)
	}
	response, err := f.client.Do(request)
	if err != nil {
		cancel(nil)
		return nil, f.explain(from, err)
	}
	response.Body = &watched{body: response.Body, ctx: ctx, cancel: cancel, patience: f.options.StallTimeout}
	if code := response.StatusCode; code != http.StatusOK && code != http.StatusPartialContent {
		// The connection can be used again only when nothing is left in it.
		_, _ = io.CopyN(io.Discard, response.Body, 8<<10)
		response.Body.Close()
		return nil, f.refusal(from, response)
	}
	return response, nil
}

// explain names the URL and, where one is in the way, the proxy. The URL inside err is left out: a
// redirect may have put a token there.
func (f *Fetcher) explain(from address, err error) error {
	target := from.url
	var broken *url.Error
	if errors.As(err, &broken) {
		err = broken.Err
		if last, parseErr := url.Parse(broken.URL); parseErr == nil {
			target = last
		}
	}
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "proxyconnect" || op.Op == "socks connect") {
		if proxy, proxyErr := f.proxyOf(target); proxyErr == nil && proxy != nil {
			err = f.proxyError(proxy, target.Scheme, 0, op.Err)
		}
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fmt.Errorf("%s: %w (a private authority's certificate must be given as CA bundle)", from, err)
	}
	return fmt.Errorf("%s: %w", from, err)
}

func (f *Fetcher) refusal(from address, response *http.Response) error {
	status := &StatusError{URL: from.String(), Code: response.StatusCode, wait: RetryAfter(response.Header)}
	// After redirects the last request counts.
	asked := response.Request.URL
	proxy, err := f.proxyOf(asked)
	if err != nil || proxy == nil {
		return status
	}
	refused := f.proxyError(proxy, asked.Scheme, response.StatusCode, nil)
	if response.StatusCode == http.StatusProxyAuthRequired {
		return fmt.Errorf("%s: %w", from, refused)
	}
	status.Proxy, status.Variable = refused.Proxy, refused.Variable
	return status
}

// watched is a body that gives up when it stalls or its context ends.
type watched struct {
	body     io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	patience time.Duration
}

func (w *watched) Read(data []byte) (int, error) {
	// Armed during the read alone: a slow disk is not a slow network.
	timer := time.AfterFunc(w.patience, func() { w.cancel(fmt.Errorf("%w %s", errStalled, w.patience)) })
	n, err := w.body.Read(data)
	timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && w.ctx.Err() != nil {
		err = context.Cause(w.ctx)
	}
	return n, err
}

func (w *watched) Close() error {
	w.cancel(nil)
	return w.body.Close()
}
