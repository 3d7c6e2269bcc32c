// Package registrytest runs a real registry, Debian's docker-registry, for tests. A host and a piece of its configuration enter; the
// address that it serves leaves.
package registrytest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// PlainHTTP is the configuration's part http of a registry without TLS. %q is the address.
const PlainHTTP = "http: {addr: %q}\n"

// Start starts a registry without users on the loopback interface.
func Start(t *testing.T) string {
	t.Helper()
	return StartAt(t, "127.0.0.1", PlainHTTP)
}

// StartAt starts one on a host's free port, with more of its configuration, whose %q is the address. It ends with the test.
func StartAt(t *testing.T, host, more string) string {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	config := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\n%s", dir, fmt.Sprintf(more, address))
	name := filepath.Join(dir, "config.yml")
	require.NoError(t, os.WriteFile(name, []byte(config), 0o600))
	server := exec.Command("docker-registry", "serve", name)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", address)
		return err == nil && connection.Close() == nil
	}, 30*time.Second, 50*time.Millisecond)
	return address
}
