package registry

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
	docker "oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// credentials are those of Docker's configuration and its helpers. It remembers what it gave, for messages.
type credentials struct {
	get auth.CredentialFunc

	mu      sync.Mutex
	given   map[string]auth.Credential // by host
	secrets []string
}

func dockerCredentials() (*credentials, error) {
	store, err := docker.NewStoreFromDocker(docker.StoreOptions{})
	if err != nil {
		return nil, err
	}
	return &credentials{get: docker.Credential(store), given: map[string]auth.Credential{}}, nil
}

// of implements auth.CredentialFunc.
func (c *credentials) of(ctx context.Context, host string) (auth.Credential, error) {
	credential, err := c.get(ctx, host)
	if err != nil {
		return credential, fmt.Errorf("the credentials for %s: %w", host, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given[host] = credential
	c.secrets = append(c.secrets, credential.Password, credential.RefreshToken, credential.AccessToken)
	if credential.Password != "" {
		c.secrets = append(c.secrets, base64.StdEncoding.EncodeToString([]byte(credential.Username+":"+credential.Password)))
	}
	return credential, nil
}

// mask hides what was given.
func (c *credentials) mask() mistake.Mask {
	c.mu.Lock()
	defer c.mu.Unlock()
	return mistake.NewMask(c.secrets)
}

// whose says which credentials were tried for a host.
func (c *credentials) whose(host string) (text string, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	credential := c.given[host]
	switch {
	case credential == auth.EmptyCredential:
		return "", false
	case credential.Username != "" && credential.RefreshToken == "":
		return fmt.Sprintf("user %s (from Docker's configuration)", mistake.Word(credential.Username)), true
	}
	return "the token in Docker's configuration", true
}
