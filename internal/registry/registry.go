// Package registry opens repositories of OCI registries, for images that come in and for those that go out.
//
// A reference and an HTTP client enter; a repository leaves that takes its credentials from Docker's configuration
// and says in the user's terms what a registry refuses. No error shows a credential.
package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// Scheme begins the name of an image in a registry.
const Scheme = "oci://"

// Repository of a registry.
type Repository struct {
	*remote.Repository
	credentials *credentials
}

// Open finds the repository of REGISTRY/REPOSITORY, with :TAG or @sha256:DIGEST or without, and Scheme before it or not. It opens no
// connection. A registry on this host's loopback interface is spoken to without TLS, as Docker does.
func Open(reference string, client *http.Client) (*Repository, error) {
	bare := strings.TrimPrefix(reference, Scheme)
	// The reference is not repeated: what is before the @ may be a password.
	if strings.Contains(bare, "://") {
		return nil, errors.New("a registry is named without http:// or https:// before it")
	}
	if host, _, more := strings.Cut(bare, "/"); more && strings.Contains(host, "@") {
		return nil, errors.New("it holds credentials: put them into Docker's configuration (docker login) and name the registry alone")
	}
	repository, err := remote.NewRepository(bare)
	if err != nil {
		return nil, err
	}
	credentials, err := dockerCredentials()
	if err != nil {
		return nil, fmt.Errorf("read Docker's configuration: %w", err)
	}
	repository.PlainHTTP = Loopback(repository.Reference.Host())
	repository.Client = &auth.Client{Client: client, Cache: auth.NewCache(), Credential: credentials.of}
	// Nothing in a registry is deleted, not even what another index of referrers has taken the place of.
	repository.SkipReferrersGC = true
	return &Repository{repository, credentials}, nil
}

// Loopback says that a host, with or without a port, is this one.
func Loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return ip != nil && ip.IsLoopback()
}
