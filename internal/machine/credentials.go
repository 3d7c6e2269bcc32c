package machine

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// Credentials are the SSH keys of one machine, made for it and good for nothing else.
type Credentials struct {
	// HostKey and ClientKey are private keys in OpenSSH's PEM form.
	HostKey, ClientKey []byte

	host   ssh.PublicKey
	client ssh.Signer
}

// NewCredentials makes new keys.
func NewCredentials() (Credentials, error) {
	var c Credentials
	hostKey, host, err := newKey()
	if err != nil {
		return c, err
	}
	clientKey, client, err := newKey()
	if err != nil {
		return c, err
	}
	return Credentials{HostKey: hostKey, ClientKey: clientKey, host: host.PublicKey(), client: client}, nil
}

func newKey() ([]byte, ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make an SSH key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, nil, fmt.Errorf("make an SSH key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	return pem.EncodeToMemory(block), signer, err
}

// ClientConfig logs in as root at either door.
func (c Credentials) ClientConfig() *ssh.ClientConfig { return clientConfig(c.client, c.host) }

// AuthorizedKey is the line of an authorized_keys file that lets ClientKey in.
func (c Credentials) AuthorizedKey() []byte { return ssh.MarshalAuthorizedKey(c.client.PublicKey()) }

// KnownHost is HostKey's public half, as a line of an authorized_keys file.
func (c Credentials) KnownHost() []byte { return ssh.MarshalAuthorizedKey(c.host) }

// The connection never leaves this computer: the quickest algorithms that both sides have.
const (
	cipher      = "aes128-gcm@openssh.com"
	keyExchange = "curve25519-sha256"
)

func clientConfig(client ssh.Signer, host ssh.PublicKey) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		Config:            ssh.Config{Ciphers: []string{cipher}, KeyExchanges: []string{keyExchange}},
		User:              "root",
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(client)},
		HostKeyCallback:   ssh.FixedHostKey(host),
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	}
}
