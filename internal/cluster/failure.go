package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// fail is an error of this connection in the user's terms: which cluster, by which context of which file, and why.
func (c *Connection) fail(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", c.where(), context.Cause(ctx))
	}
	return c.secrets.mask(fmt.Errorf("%s: %w", c.where(), c.reason(err)))
}

// reason is err, or what is behind it where that says more.
func (c *Connection) reason(err error) error {
	var (
		timeout net.Error
		name    *net.DNSError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		alert   tls.AlertError
		request *url.Error
	)
	switch {
	case apierrors.IsUnauthorized(err):
		return c.unauthorized()
	case errors.As(err, &unknown):
		return fmt.Errorf("its certificate is signed by an authority that cluster %s of the kubeconfig does not have: certificate-authority is of another cluster, or missing", c.target.cluster)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("its certificate is valid from %s to %s only", date(invalid.Cert.NotBefore), date(invalid.Cert.NotAfter))
	case errors.As(err, &host):
		return fmt.Errorf("its certificate is for another name: %s", strings.TrimPrefix(host.Error(), "x509: "))
	case errors.As(err, &alert):
		return fmt.Errorf("it refuses the client certificate of user %s: %s%s", c.target.user, alert.Error(), c.expiry())
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("there is no host %s", name.Name)
	case errors.As(err, &name):
		return fmt.Errorf("the address of host %s can't be found: %s", name.Name, name.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("nothing answers there (connection refused)")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("it has not answered within %s", c.patience)
	case errors.As(err, &request):
		return request.Err // without the whole address of the question
	}
	return err
}

// unauthorized says whose credentials were refused, and why where that can be known here.
func (c *Connection) unauthorized() error {
	return fmt.Errorf("it does not know the credentials of user %s: they have expired, or are of another cluster%s", c.target.user, c.expiry())
}

// expiry is when the client certificate ended, where it has.
func (c *Connection) expiry() string {
	certificate := c.target.certificate()
	if certificate == nil || time.Now().Before(certificate.NotAfter) {
		return ""
	}
	return fmt.Sprintf(" (the client certificate was valid until %s)", date(certificate.NotAfter))
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
