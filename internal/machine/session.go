package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// Session runs commands over one SSH connection to a machine's Toolbox door. It is the part of a
// Machine that is the same in every kind.
type Session struct {
	client *ssh.Client
	gone   chan struct{} // closed when the connection has ended
	// Why tells what ended the machine, once the connection is lost; nil where nobody knows. It is
	// set before the session is used.
	Why func() error
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
	s := &Session{client: ssh.NewClient(connection, channels, requests), gone: make(chan struct{})}
	go func() {
		defer close(s.gone)
		_ = s.client.Wait() // it says no more than the commands do
	}()
	return s, nil
}

// Ping returns when the machine's SSH server has answered, or ctx has ended.
func (s *Session) Ping(ctx context.Context) error {
	answered := make(chan error, 1)
	go func() {
		// A server that does not know the request says so, which is an answer.
		_, _, err := s.client.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	}()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// lostDelay is how much later than a command's error the connection's end may show.
const lostDelay = time.Second

// lost is what became of a command that got no answer.
func (s *Session) lost(err error) error {
	select {
	case <-s.gone:
	case <-time.After(lostDelay):
		return err // the machine is still there
	}
	if s.Why != nil {
		if why := s.Why(); why != nil {
			return why
		}
	}
	return fmt.Errorf("the machine ended: %w", err)
}

// Close ends the connection; commands that still run lose their input and output.
func (s *Session) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
