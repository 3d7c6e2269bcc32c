package archive

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docker starts Debian's docker-registry on this host's loopback interface, and returns its address.
func docker(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", dir, address)
	name := filepath.Join(dir, "config.yml")
	require.NoError(t, os.WriteFile(name, []byte(config), 0o600))
	server := exec.Command("docker-registry", "serve", name)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + address + "/v2/")
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond)
	return address
}

// A foreign tool reads what WriteOCI writes and puts it into a registry, from where it comes back as it was.
func TestRegistry(t *testing.T) {
	address := docker(t)
	root := layer(t, "root", "etc/", "etc/passwd")
	reference := address + "/nodes/base:1"
	pushed, err := exec.Command("skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "oci-archive:"+writeOCI(t, root), "docker://"+reference).CombinedOutput()
	require.NoError(t, err, "%s", pushed)

	options := BaseOptions{Architecture: "amd64", CacheDir: t.TempDir(), Client: http.DefaultClient, Say: t.Logf}
	base, err := OpenBase(t.Context(), "oci://"+reference, options)
	require.NoError(t, err)
	read := func(b *Base) string {
		archive, err := b.open(t.Context())
		require.NoError(t, err)
		defer archive.Close()
		text, err := io.ReadAll(archive)
		require.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, string(root), read(base))

	again, err := OpenBase(t.Context(), "oci://"+address+"/nodes/base@"+base.Digest, options)
	require.NoError(t, err)
	assert.Equal(t, base.Digest, again.Digest)
	assert.Equal(t, string(root), read(again))

	for name, want := range map[string]string{
		"/nodes/base:2":    "not found",
		"/nodes/other:1":   "not found",
		"/nodes/base:bad/": "want oci://",
	} {
		_, err := OpenBase(t.Context(), "oci://"+address+name, options)
		require.ErrorContains(t, err, want)
	}
	entries, err := os.ReadDir(filepath.Join(options.CacheDir, "bases"))
	require.NoError(t, err)
	for _, e := range entries {
		assert.True(t, strings.HasPrefix(e.Name(), strings.ReplaceAll(base.Digest, ":", "-")), e.Name())
	}
}
