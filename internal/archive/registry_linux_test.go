package archive

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/registry/registrytest"
)

// A foreign tool reads what WriteOCI writes and puts it into a registry, from where it comes back as it was.
func TestRegistry(t *testing.T) {
	address := registrytest.Start(t)
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

// A base that nobody starts from any more leaves the cache; one that a build holds stays.
func TestForget(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{"old": baseKept + time.Hour, "used": time.Hour, "held": baseKept + time.Hour} {
		lock, err := acquire(t.Context(), filepath.Join(dir, name), t.Logf)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name, "blob"), nil, 0o600))
		require.NoError(t, os.Chtimes(lock.Name(), now.Add(-age), now.Add(-age)))
		if name != "held" {
			require.NoError(t, lock.Close())
		} else {
			t.Cleanup(func() { lock.Close() })
		}
	}
	require.NoError(t, forget(dir, now))
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "held"), filepath.Join(dir, "held.lock"), filepath.Join(dir, "used"), filepath.Join(dir, "used.lock")}, left)
}
