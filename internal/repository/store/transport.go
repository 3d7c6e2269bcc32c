package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// transport is the one that every request of the Fetcher goes through.
func (f *Fetcher) transport() (*http.Transport, error) {
	o := f.options
	roots, err := trusted(o.CABundle)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: o.ConnectTimeout}
	t := &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return f.proxyOf(r.URL) },
		OnProxyConnectResponse: f.checkTunnel,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    o.ConnectTimeout,
		ResponseHeaderTimeout:  o.HeaderTimeout,
		MaxIdleConnsPerHost:    o.Parallel,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
		// Packages.gz must arrive as it lies there, with its size and hash.
		DisableCompression: true,
	}
	t.RegisterProtocol("file", http.NewFileTransport(http.Dir("/")))
	return t, nil
}

// trusted are the system's authorities and the bundle's; nil, the system's alone, without one.
func trusted(bundle string) (*x509.CertPool, error) {
	if bundle == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(bundle)
	if err != nil {
		return nil, fmt.Errorf("CA bundle: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificate authorities: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA bundle %s holds no certificate in PEM form", bundle)
	}
	return roots, nil
}

// errRedirect is final: the same question gets the same answer.
var errRedirect = errors.New("redirect refused")

// checkRedirect keeps a server from naming a local file, and from taking https away.
func checkRedirect(next *http.Request, before []*http.Request) error {
	last := before[len(before)-1].URL
	switch scheme := next.URL.Scheme; {
	case scheme != "http" && scheme != "https":
		return fmt.Errorf("%w: to the scheme %q", errRedirect, scheme)
	case last.Scheme == "https" && scheme == "http":
		return fmt.Errorf("%w: from https to %s", errRedirect, shown(next.URL))
	case len(before) >= 10:
		return fmt.Errorf("%w: the tenth in a row", errRedirect)
	}
	return nil
}

// checkTunnel judges a proxy's answer to CONNECT.
func (f *Fetcher) checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return f.proxyError(proxy, "https", r.StatusCode, nil)
}

func (f *Fetcher) proxyError(proxy *url.URL, scheme string, code int, err error) *ProxyError {
	_, variable := f.options.Proxies.of(scheme)
	return &ProxyError{Proxy: proxy.Scheme + "://" + proxy.Host, Variable: variable, Code: code, Err: err}
}
