package airship

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// brokenCommunicator is one whose connection is gone: by err before a command starts, else while it runs.
type brokenCommunicator struct {
	packersdk.Communicator
	err error
}

func (c brokenCommunicator) Start(_ context.Context, command *packersdk.RemoteCmd) error {
	if c.err == nil {
		go command.SetExited(packersdk.CmdDisconnect)
	}
	return c.err
}

func TestLinkTellsALostConnection(t *testing.T) {
	for name, broken := range map[string]error{"before": errors.New("no route to host"), "while": nil} {
		t.Run(name, func(t *testing.T) {
			l := newLink(brokenCommunicator{err: broken})
			ctx, cancel := l.watch(t.Context())
			defer cancel()
			err := l.exec(ctx, "true", nil, nil)
			require.Error(t, err)
			require.Error(t, l.lost())
			<-ctx.Done() // what runs over the link ends with it

			// The SDK's adapter waits for an exit status, and must get one.
			command := &packersdk.RemoteCmd{Command: "true"}
			require.NoError(t, l.Start(t.Context(), command))
			assert.Equal(t, exitLost, command.Wait())
		})
	}
}

func TestLinkExec(t *testing.T) {
	mock := &packersdk.MockCommunicator{StartStdout: "out", StartStderr: "why\n", StartExitStatus: 3}
	l := newLink(mock)
	var out bytes.Buffer
	err := l.exec(t.Context(), "'sudo' '-n'", strings.NewReader("in"), &out)
	var exit *machine.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, exit.Code)
	assert.Equal(t, "sudo: exit status 3:\nwhy", err.Error())
	assert.Equal(t, "out", out.String())
	assert.Equal(t, "in", mock.StartStdin)
	require.NoError(t, l.lost())
}

// The adapter lets its own key in and no other, and runs commands over the communicator.
func TestAdapter(t *testing.T) {
	mock := &packersdk.MockCommunicator{StartStdout: "answer"}
	server, err := serveAdapter(newLink(mock))
	require.NoError(t, err)
	defer server.Close()
	host, _, _, _, err := ssh.ParseAuthorizedKey(server.hostKey)
	require.NoError(t, err)
	dial := func(key []byte) (*ssh.Client, error) {
		signer, err := ssh.ParsePrivateKey(key)
		require.NoError(t, err)
		return ssh.Dial("tcp", server.listener.Addr().String(), &ssh.ClientConfig{
			User: "packer", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.FixedHostKey(host),
		})
	}
	client, err := dial(server.clientKey)
	require.NoError(t, err)
	defer client.Close()
	session, err := client.NewSession()
	require.NoError(t, err)
	output, err := session.Output("ask")
	require.NoError(t, err)
	assert.Equal(t, "answer", string(output))
	assert.Equal(t, "ask", mock.StartCmd.Command)

	other, err := machine.NewCredentials()
	require.NoError(t, err)
	_, err = dial(other.ClientKey)
	require.Error(t, err)
}
