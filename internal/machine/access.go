package machine

import (
	"context"
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
)

// Access is how another process of the same user reaches a machine's Toolbox door.
type Access struct {
	// Network and Address are net.Dial's: a unix socket or a TCP port of this host's loopback
	// interface. Each connection has an SSH server of its own.
	Network string `json:"network"`
	Address string `json:"address"`
	// KeyFile is the path of the private key to log in with as root.
	KeyFile string `json:"keyFile"`
	// KnownHost is the server's public key, as a line of an authorized_keys file.
	KnownHost string `json:"knownHost"`
}

// Connect opens a session through a.
func Connect(ctx context.Context, a Access) (*Session, error) {
	key, err := os.ReadFile(a.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("the machine's key: %w", err)
	}
	client, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("the machine's key %s: %w", a.KeyFile, err)
	}
	host, _, _, _, err := ssh.ParseAuthorizedKey([]byte(a.KnownHost))
	if err != nil {
		return nil, fmt.Errorf("the machine's host key: %w", err)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, a.Network, a.Address)
	if err != nil {
		return nil, fmt.Errorf("reach the machine: %w", err)
	}
	return NewSession(ctx, conn, clientConfig(client, host))
}
