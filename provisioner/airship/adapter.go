package airship

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/hashicorp/packer-plugin-sdk/adapter"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// adapterServer is an SSH server on this host's loopback interface whose commands run over a communicator.
type adapterServer struct {
	port               int
	clientKey, hostKey []byte

	listener net.Listener
	done     chan struct{}
}

// serveAdapter starts the SDK's adapter. Its keys are good for this server alone.
func serveAdapter(comm packersdk.Communicator) (*adapterServer, error) {
	keys, err := machine.NewCredentials()
	if err != nil {
		return nil, err
	}
	host, err := ssh.ParsePrivateKey(keys.HostKey)
	if err != nil {
		return nil, fmt.Errorf("the adapter's host key: %w", err)
	}
	allowed, _, _, _, err := ssh.ParseAuthorizedKey(keys.AuthorizedKey())
	if err != nil {
		return nil, fmt.Errorf("the adapter's client key: %w", err)
	}
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if subtle.ConstantTimeCompare(key.Marshal(), allowed.Marshal()) != 1 {
				return nil, errors.New("another key")
			}
			return nil, nil
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for Ansible: %w", err)
	}
	s := &adapterServer{
		port: listener.Addr().(*net.TCPAddr).Port, clientKey: keys.ClientKey, hostKey: bytes.TrimSpace(keys.KnownHost()),
		listener: listener, done: make(chan struct{}),
	}
	// What goes wrong is told by Ansible, or by the link; the adapter's own words go to the log.
	go adapter.NewAdapter(s.done, listener, config, "", quietUI{}, comm).Serve()
	return s, nil
}

// Close ends the server. Its connections end with their clients.
func (s *adapterServer) Close() {
	close(s.done)
	s.listener.Close()
}

// quietUI writes to the log.
type quietUI struct{ packersdk.Ui }

func (quietUI) Error(text string) { log.Printf("SSH adapter: %s", text) }
func (quietUI) Say(text string)   { log.Printf("SSH adapter: %s", text) }
