//go:build acceptance

package acceptance

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// stock is a running machine that this plugin did not make: the SSH server of a root file system, in
// namespaces of its own but for the network, which is the host's.
type stock struct {
	// tree is its root directory on the host. What is mounted in the machine is not seen there.
	tree string
	port int
	// keyFile holds the private key that logs in.
	keyFile string
	signer  ssh.Signer

	process *exec.Cmd
	life    io.Closer     // the machine lives until it is closed
	log     *bytes.Buffer // what the SSH server said; read it after stop
}

func (s *stock) host() string    { return "127.0.0.1" }
func (s *stock) address() string { return net.JoinHostPort(s.host(), strconv.Itoa(s.port)) }

// newKey makes the key that root logs in with.
func (s *stock) newKey(t *testing.T) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	s.signer, err = ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.keyFile, pem.EncodeToMemory(block), 0o600))
	keys := filepath.Join(s.tree, "root", ".ssh")
	require.NoError(t, os.MkdirAll(keys, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(keys, "authorized_keys"), ssh.MarshalAuthorizedKey(s.signer.PublicKey()), 0o600))
}

// start starts the machine, for the first time or after stop, on a new port the first time only.
func (s *stock) start(t *testing.T) {
	t.Helper()
	if s.port == 0 {
		free, err := net.Listen("tcp", s.host()+":0")
		require.NoError(t, err)
		s.port = free.Addr().(*net.TCPAddr).Port
		require.NoError(t, free.Close())
	}
	script, err := filepath.Abs("testdata/stock-machine.sh")
	require.NoError(t, err)
	s.log = new(bytes.Buffer)
	s.process = exec.Command("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
		"sh", script, s.tree, strconv.Itoa(s.port))
	s.process.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	s.process.Stdout, s.process.Stderr = s.log, s.log
	s.life, err = s.process.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, s.process.Start())
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		said, err := s.runAs("root", "true")
		if err == nil {
			return
		}
		if time.Since(began) > 20*time.Second {
			s.stop()
			t.Fatalf("the machine does not answer: %v %s\n%s", err, said, s.log)
		}
	}
}

// stop ends the machine and all its sessions at once, as a power cut does; the tree stays. Stopped already, it
// does nothing.
func (s *stock) stop() {
	if s.process == nil {
		return
	}
	_ = s.life.Close()
	_ = s.process.Wait() // it fails: the shell ends where its input does
	s.process = nil
}

// run has root run a command in the machine, and returns its output.
func (s *stock) run(t *testing.T, command string) string {
	t.Helper()
	output, err := s.runAs("root", "set -e\n"+command)
	require.NoError(t, err, "%s\n%s", command, output)
	return output
}

// runAs has a user run a command in the machine. The output is standard output and error.
func (s *stock) runAs(user, command string) (string, error) {
	client, err := ssh.Dial("tcp", s.address(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(s.signer)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
	if err != nil {
		return "", fmt.Errorf("log in as %s: %w", user, err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return "", err
	}
	defer session.Close()
	output, err := session.CombinedOutput(command)
	return string(output), err
}
