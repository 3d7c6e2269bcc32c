package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// Failure is what went wrong between here and a registry, in the user's terms. errors.Is and errors.As find the cause in it, whose own
// text may have addresses with tokens.
type Failure struct {
	// Registry is HOST[:PORT].
	Registry string
	// Problem is said of the registry: is not trusted, refuses.
	Problem string

	err error
}

func (f *Failure) Error() string { return "registry " + f.Registry + " " + f.Problem }

func (f *Failure) Unwrap() error { return f.err }

// Fail makes a Failure of a problem, without the credentials that are known.
func (r *Repository) Fail(problem string, err error) error {
	return &Failure{r.Reference.Registry, r.credentials.mask().Text(problem), err}
}

// Explain makes a Failure of an error of the repository's client. The end of a context, and what is explained already, stay as they are.
func (r *Repository) Explain(err error) error {
	var done *Failure
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &done):
		return err
	}
	return r.Fail(r.problem(err), err)
}

func (r *Repository) problem(err error) string {
	var (
		answer    *errcode.ErrorResponse
		name      *net.DNSError
		proxy     *store.ProxyError
		timeout   net.Error
		request   *url.Error
		plainHTTP = "server gave HTTP response to HTTPS client"
	)
	switch {
	case errors.As(err, &answer):
		return r.refusal(answer)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return r.unknownUser("401 Unauthorized")
	case Distrusted(err) != "":
		return Distrusted(err)
	case errors.As(err, &proxy):
		return "is not reached: " + proxy.Error()
	case errors.As(err, &name) && name.IsNotFound:
		return "is not known: there is no such host"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "does not answer: connection refused"
	case strings.Contains(err.Error(), plainHTTP):
		return "speaks no TLS, which only one on this host's loopback interface may do without"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "does not answer in time"
	case errors.As(err, &request):
		return "fails: " + request.Err.Error() // without the address of the question, which may have a token
	}
	return "fails: " + err.Error()
}

// Distrusted is why a server's certificate was refused: "has a certificate …"; empty where that is not what went wrong.
func Distrusted(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		refused *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown):
		return "has a certificate of an authority that is not trusted: name a file with that authority's certificate in ca_bundle"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("has a certificate that is valid until %s only", invalid.Cert.NotAfter.UTC().Format("2006-01-02"))
	case errors.As(err, &host):
		return "has a certificate for another name: " + strings.TrimPrefix(host.Error(), "x509: ")
	case errors.As(err, &refused):
		return "has a certificate that is not trusted: " + refused.Err.Error()
	}
	return ""
}

// refusal is an answer that is an error.
func (r *Repository) refusal(answer *errcode.ErrorResponse) string {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode)))
	detail := said(answer.Errors)
	user, known := r.credentials.whose(r.Reference.Host())
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized:
		return r.unknownUser(status + detail)
	case code == http.StatusForbidden && known:
		return fmt.Sprintf("forbids %s to do this in %s (%s%s)", user, r.Reference.Repository, status, detail)
	case code == http.StatusForbidden:
		return fmt.Sprintf("forbids this in %s without credentials: docker login %s (%s%s)", r.Reference.Repository, r.Reference.Registry, status, detail)
	case code == http.StatusRequestEntityTooLarge:
		return fmt.Sprintf("takes no upload of this size (%s%s): a limit of the registry, or of a proxy before it", status, detail)
	case NoSpace(answer):
		return fmt.Sprintf("has no space left (%s%s)", status, detail)
	case code == http.StatusTooManyRequests:
		return fmt.Sprintf("takes no more requests for now (%s%s)", status, detail)
	case code >= 500:
		return fmt.Sprintf("is out of order (%s%s)", status, detail)
	}
	return fmt.Sprintf("refuses (%s%s)", status, detail)
}

func (r *Repository) unknownUser(status string) string {
	if user, known := r.credentials.whose(r.Reference.Host()); known {
		return fmt.Sprintf("does not know %s, or not that password: docker login %s (%s)", user, r.Reference.Registry, status)
	}
	return fmt.Sprintf("wants credentials, and Docker's configuration has none for it: docker login %s (%s)", r.Reference.Registry, status)
}

// NoSpace says that the registry's storage is full.
func NoSpace(answer *errcode.ErrorResponse) bool {
	if answer.StatusCode == http.StatusInsufficientStorage {
		return true
	}
	text := strings.ToLower(answer.Errors.Error())
	return answer.StatusCode >= 500 && (strings.Contains(text, "no space left") || strings.Contains(text, "quota"))
}

// said is what the registry says of an error, in one line.
func said(all errcode.Errors) string {
	const most = 300
	if len(all) == 0 {
		return ""
	}
	text := strings.Join(strings.Fields(all.Error()), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return ": " + text
}
