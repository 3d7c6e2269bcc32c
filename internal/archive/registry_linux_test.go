package archive

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
