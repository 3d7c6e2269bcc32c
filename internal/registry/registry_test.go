package registry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

func open(t *testing.T, reference, config string) (*Repository, error) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600))
	return Open(reference, http.DefaultClient)
}

func TestOpen(t *testing.T) {
	for reference, plain := range map[string]bool{
		"localhost:5000/a": true, "127.0.0.1/a/b:v1": true, "127.9.9.9:1/a": true, "oci://[::1]:5000/a": true,
		"registry.example.org/a": false, "localhost.example.org/a": false, "10.0.0.1:5000/a": false, "registry.example.org/a@sha256:" + sum: false,
	} {
		r, err := open(t, reference, "{}")
		require.NoError(t, err, reference)
		assert.Equal(t, plain, r.PlainHTTP, reference)
	}
	for reference, want := range map[string]string{
		"registry.example.org":                "invalid reference",
		"registry.example.org/A":              "invalid reference",
		"alice:hunter2@registry.example.org/": "it holds credentials",
		"http://alice:hunter2@example.org/a":  "named without http://",
		"":                                    "invalid reference",
	} {
		_, err := open(t, reference, "{}")
		require.ErrorContains(t, err, want, reference)
		assert.NotContains(t, err.Error(), "hunter2")
	}
	_, err := open(t, "registry.example.org/a", "{")
	require.ErrorContains(t, err, "read Docker's configuration: ")
}

const sum = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

func TestExplain(t *testing.T) {
	r, err := open(t, "registry.example.org/site/images", `{"auths":{"registry.example.org":{"auth":"YWxpY2U6aHVudGVyMg=="}}}`)
	require.NoError(t, err)
	answer := func(status int, errs ...errcode.Error) error {
		return fmt.Errorf("PUT: %w", &errcode.ErrorResponse{Method: "PUT", URL: &url.URL{Host: "h", RawQuery: "token=hunter2"}, StatusCode: status, Errors: errs})
	}
	wire := func(err error) error { return &url.Error{Op: "Put", URL: "https://h/?token=hunter2", Err: err} }
	const name = "registry registry.example.org "
	check := func(err error, want string) {
		t.Helper()
		got := r.Explain(err)
		require.EqualError(t, got, want)
		require.ErrorIs(t, got, err)
		assert.Equal(t, got, r.Explain(got), "explained twice")
	}
	check(auth.ErrBasicCredentialNotFound, name+"wants credentials, and Docker's configuration has none for it: docker login registry.example.org (401 Unauthorized)")
	check(answer(403), name+"forbids this in site/images without credentials: docker login registry.example.org (403 Forbidden)")

	_, err = r.Client.(*auth.Client).Credential(context.Background(), "registry.example.org")
	require.NoError(t, err)
	check(answer(401), name+"does not know user alice (from Docker's configuration), or not that password: docker login registry.example.org (401 Unauthorized)")
	check(answer(403, errcode.Error{Code: "DENIED", Message: "not with\nhunter2"}),
		name+"forbids user alice (from Docker's configuration) to do this in site/images (403 Forbidden: denied: not with <redacted>)")
	check(answer(404, errcode.Error{Code: "NAME_UNKNOWN"}), name+"refuses (404 Not Found: name unknown)")
	check(answer(500, errcode.Error{Code: "UNKNOWN", Message: "no space left on device"}), name+"has no space left (500 Internal Server Error: unknown: no space left on device)")
	check(wire(syscall.ECONNREFUSED), name+"does not answer: connection refused")
	check(wire(io.ErrUnexpectedEOF), name+"fails: unexpected EOF")
	check(wire(&net.DNSError{Name: "registry.example.org", IsNotFound: true}), name+"is not known: there is no such host")
	check(wire(os.ErrDeadlineExceeded), name+"does not answer in time")
	check(wire(x509.UnknownAuthorityError{}), name+"has a certificate of an authority that is not trusted: name a file with that authority's certificate in ca_bundle")
	old := x509.CertificateInvalidError{Cert: &x509.Certificate{NotAfter: time.Unix(0, 0)}, Reason: x509.Expired}
	check(wire(old), name+"has a certificate that is valid until 1970-01-01 only")
	check(wire(errors.New("http: server gave HTTP response to HTTPS client")), name+"speaks no TLS, which only one on this host's loopback interface may do without")
	require.NoError(t, r.Explain(nil))
}
