package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/airshipit/packer-plugin-airship/internal/registry"
)

var (
	errStalled = errors.New("took no more bytes")
	errSilent  = errors.New("took everything and did not answer")
)

// refusal is an answer that is an error, with the pause that it asks for.
type refusal struct {
	*errcode.ErrorResponse
	wait time.Duration
}

// retry runs attempt until it succeeds, fails for good, or has been tried often enough.
func (c *connection) retry(ctx context.Context, attempt func() error) error {
	for failures := 0; ; {
		err := attempt()
		if err == nil {
			return nil
		}
		if failures, err = c.again(ctx, err, failures); err != nil {
			return err
		}
	}
}

// again counts a failure and waits for the next try, or returns the error that is final. Its text has no credentials.
func (c *connection) again(ctx context.Context, err error, failures int) (int, error) {
	if ctx.Err() != nil {
		return failures, context.Cause(ctx)
	}
	if !curable(err) || failures >= c.Retries {
		return failures, c.explain(err)
	}
	pause := min(c.Backoff<<failures, longestPause)
	pause = pause/2 + rand.N(pause/2+1) // spread, so that builds that run side by side do not return at once
	var answer *refusal
	if errors.As(err, &answer) {
		pause = max(pause, answer.wait)
	}
	failures++
	c.Say("%s; trying again in %s (%d of %d)", c.explain(err), pause.Round(time.Millisecond), failures, c.Retries)
	select {
	case <-ctx.Done():
		return failures, context.Cause(ctx)
	case <-time.After(pause):
		return failures, nil
	}
}

// explain says what went wrong in the user's terms.
func (c *connection) explain(err error) error {
	var answer *errcode.ErrorResponse
	switch {
	case errors.Is(err, errStalled):
		return c.Fail("stalls: it took nothing for "+c.StallTimeout.String(), err)
	case errors.Is(err, errSilent):
		return c.Fail("does not answer in time", err)
	case errors.Is(err, errOther) && errors.As(err, &answer):
		return c.Fail(errOther.Error(), err) // the answer's own text has the upload's address
	case errors.Is(err, errOther):
		return c.Fail(err.Error(), err)
	case errors.Is(err, errLost):
		return c.Fail(errLost.Error(), err)
	}
	return c.Explain(err)
}

// curable tells errors that may pass from those that the same question meets again.
func curable(err error) bool {
	var (
		answer      *errcode.ErrorResponse
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		name        *net.DNSError
		wire        net.Error
		request     *url.Error
	)
	switch {
	case errors.Is(err, errOther), errors.Is(err, errLost), errors.Is(err, errStalled), errors.Is(err, errSilent):
		return true
	case errors.As(err, &answer):
		switch code := answer.StatusCode; code {
		case http.StatusRequestTimeout, http.StatusTooManyRequests:
			return true
		case http.StatusNotImplemented:
			return false
		default:
			return code >= 500 && !registry.NoSpace(answer)
		}
	case errors.As(err, &certificate), errors.As(err, &record):
		return false
	case errors.As(err, &name):
		return !name.IsNotFound
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &wire) || errors.As(err, &request)
}
