package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// longestPause bounds what a server may ask for by Retry-After.
const longestPause = time.Minute

// retry runs attempt until it succeeds, fails for good, or has been tried often enough.
//
// go-retryablehttp is no help here: it retries until the headers are there, while a download
// breaks off in its body, and then goes on from where it broke.
func (f *Fetcher) retry(ctx context.Context, attempt func() error) error {
	pause := f.options.Backoff
	for tried := 1; ; tried++ {
		err := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !curable(err) {
			return err
		}
		if tried > f.options.Retries {
			if tried == 1 {
				return err
			}
			return fmt.Errorf("%w (tried %d times)", err, tried)
		}
		wait := pause/2 + rand.N(pause/2+1) // spread, so that parallel downloads do not return at once
		var status *StatusError
		if errors.As(err, &status) {
			wait = max(wait, status.wait)
		}
		f.options.Log("%s; trying again in %s (%d of %d)", err, wait.Round(time.Millisecond), tried, f.options.Retries)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		pause *= 2
	}
}

// curable tells errors that may pass from those that the same question meets again. Whatever is
// not known to be final happened on the wire.
func curable(err error) bool {
	var status *StatusError
	var proxy *ProxyError
	var mismatch *MismatchError
	var disk *DiskError
	var large *sizeLimitError
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	switch {
	case errors.As(err, &status):
		return passing(status.Code)
	case errors.As(err, &proxy) && proxy.Code != 0:
		return passing(proxy.Code)
	case errors.As(err, &mismatch), errors.As(err, &disk), errors.As(err, &large),
		errors.As(err, &certificate), errors.Is(err, errRedirect):
		return false
	case errors.As(err, &name):
		return !name.IsNotFound
	}
	return true
}

func passing(code int) bool {
	return code == http.StatusTooManyRequests || code >= 500 && code != http.StatusNotImplemented
}

// unreachable tells errors that every other file of the same host would meet, too.
func unreachable(err error) bool {
	var proxy *ProxyError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	return errors.As(err, &proxy) || errors.As(err, &name) || errors.As(err, &certificate) ||
		errors.As(err, &op) && op.Op == "dial"
}

// RetryAfter is the pause that an answer asks for, a minute at most. The header has either form of RFC 9110, section 10.2.3: seconds or a date.
func RetryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	var wait time.Duration
	if seconds, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(min(max(seconds, 0), int(longestPause/time.Second))) * time.Second
	} else if date, err := http.ParseTime(text); err == nil {
		wait = time.Until(date)
	}
	return min(max(wait, 0), longestPause)
}
