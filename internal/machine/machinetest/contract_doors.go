package machinetest

import (
	"bufio"
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

func access(t *testing.T, m machine.Machine) {
	access := m.Access()
	info, err := os.Stat(access.KeyFile)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())

	other, err := machine.NewCredentials()
	require.NoError(t, err)
	wrong := access
	wrong.KnownHost = string(other.KnownHost())
	_, err = machine.Connect(t.Context(), wrong)
	require.ErrorContains(t, err, "host key mismatch")
	wrong = access
	wrong.KeyFile = filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(wrong.KeyFile, other.ClientKey, 0o600))
	// Often enough for a server that keeps count.
	for range 5 {
		_, err = machine.Connect(t.Context(), wrong)
		require.ErrorContains(t, err, "unable to authenticate")
	}

	for range 2 {
		session, err := machine.Connect(t.Context(), access)
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, session.Run(t.Context(), machine.Command{Args: []string{"hostname"}, Stdout: &out}))
		assert.Equal(t, "localhost\n", out.String())
		require.NoError(t, session.Close())
	}
}

// doors open to many who have not shown who they are yet.
func doors(t *testing.T, m machine.Machine) {
	for _, door := range []machine.Door{machine.Toolbox, machine.TargetDoor} {
		var all sync.WaitGroup
		for range 16 {
			conn, err := m.Dial(t.Context(), door)
			require.NoError(t, err)
			defer conn.Close()
			all.Go(func() {
				greeting, err := bufio.NewReader(conn).ReadString('\n')
				assert.NoError(t, err)
				assert.True(t, strings.HasPrefix(greeting, "SSH-2.0-"), greeting)
			})
		}
		all.Wait()
	}
	_, err := m.Dial(t.Context(), "cellar")
	if err == nil { // only inside it is known which doors there are
		_, err = logIn(t.Context(), m, "cellar")
	}
	require.Error(t, err)
}

// LogIn connects to a door as Packer does, until the test ends.
func LogIn(t *testing.T, m machine.Machine, door machine.Door) *ssh.Client {
	t.Helper()
	client, err := logIn(t.Context(), m, door)
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

func logIn(ctx context.Context, m machine.Machine, door machine.Door) (*ssh.Client, error) {
	conn, err := m.Dial(ctx, door)
	if err != nil {
		return nil, err
	}
	connection, channels, requests, err := ssh.NewClientConn(conn, string(door), m.ClientConfig())
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(connection, channels, requests), nil
}

// Remote runs a command of the user's shell behind a door; prepare may ask for a terminal or be nil.
func Remote(t *testing.T, client *ssh.Client, command string, prepare func(*ssh.Session) error) string {
	t.Helper()
	session, err := client.NewSession()
	require.NoError(t, err)
	defer session.Close()
	if prepare != nil {
		require.NoError(t, prepare(session))
	}
	out, err := session.CombinedOutput(command)
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// Terminal is for Remote.
func Terminal(s *ssh.Session) error { return s.RequestPty("xterm", 24, 80, ssh.TerminalModes{}) }
