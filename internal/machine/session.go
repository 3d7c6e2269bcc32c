package machine

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
)

// Session runs commands over one SSH connection to a machine's Toolbox door. It is the part of a
// Machine that is the same in every kind.
type Session struct {
	client *ssh.Client
}

// NewSession logs in over conn, which it owns from then on.
func NewSession(ctx context.Context, conn net.Conn, config *ssh.ClientConfig) (*Session, error) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	connection, channels, requests, err := ssh.NewClientConn(conn, string(Toolbox), config)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("log in to the machine: %w", err)
	}
	return &Session{ssh.NewClient(connection, channels, requests)}, nil
}

// Close ends the connection; commands that still run lose their input and output.
func (s *Session) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
