package archive

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func amd64() plan.Plan {
	return plan.Plan{Profile: "Node", Epoch: 1_700_000_000, Plugin: "0.1.0", Target: plan.Target{Architecture: "amd64"}}
}

// writeOCI writes root as an image and returns its path.
func writeOCI(t *testing.T, root []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "node.oci.tar")
	file, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, WriteOCI(t.Context(), file, bytes.NewReader(root), amd64()))
	require.NoError(t, file.Close())
	return name
}

func TestWriteOCI(t *testing.T) {
	root := layer(t, "root", "etc/", "etc/passwd")
	first := writeOCI(t, root)
	base, err := OpenBase(t.Context(), first, BaseOptions{Architecture: "amd64"})
	require.NoError(t, err)
	archive, err := base.open(t.Context())
	require.NoError(t, err)
	back, err := io.ReadAll(archive)
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	assert.Equal(t, root, back)
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", base.Digest)

	one, err := os.ReadFile(first)
	require.NoError(t, err)
	two, err := os.ReadFile(writeOCI(t, root))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(one, two), "the same root gives the same image")

	_, err = OpenBase(t.Context(), first, BaseOptions{Architecture: "arm64"})
	require.ErrorContains(t, err, "node.oci.tar")
}

func TestAlteredLayer(t *testing.T) {
	name := writeOCI(t, layer(t, "root", "etc/", "etc/passwd"))
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	at := bytes.Index(data, []byte("\x1f\x8b"))
	data[at+4] ^= 1 // gzip's time, which nothing reads
	require.NoError(t, os.WriteFile(name, data, 0o600))
	base, err := OpenBase(t.Context(), name, BaseOptions{Architecture: "amd64"})
	require.NoError(t, err)
	archive, err := base.open(t.Context())
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, archive)
	require.Error(t, err)
}

func TestOpenBase(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "missing"):         "no such file",
		dir:                                   "is not a file: want an archive",
		write("text", "hello"):                "is neither a tar archive",
		write("empty", ""):                    "is neither a tar archive",
		"https://images.example/base.tar.zst": "https:// is none of what a base is read from: want a file or oci://",
		"oci://registry.example/base":         "names no version: want oci://registry.example/base:TAG",
		"oci://REGISTRY":                      "want oci://REGISTRY/REPOSITORY:TAG or @sha256:DIGEST",
		"oci://127.0.0.1:1/base:latest":       "127.0.0.1:1",
	} {
		_, err := OpenBase(t.Context(), name, BaseOptions{Architecture: "amd64", CacheDir: dir})
		require.ErrorContains(t, err, want, name)
		require.ErrorContains(t, err, "the base "+name+": ")
	}
	base, err := OpenBase(context.Background(), write("plain.tar", string(layer(t, "1", "etc/", "etc/a"))), BaseOptions{})
	require.NoError(t, err)
	assert.Equal(t, int64(2560), base.Size)
}

func TestWriteDirectory(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, WriteDirectory(t.Context(), dir, bytes.NewReader(layer(t, "x", "./", "./etc/", "./etc/passwd"))))
	text, err := os.ReadFile(filepath.Join(dir, "etc/passwd"))
	require.NoError(t, err)
	assert.Equal(t, "x", string(text))
	info, err := os.Stat(filepath.Join(dir, "etc/passwd"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode())
	assert.Equal(t, int64(0), info.ModTime().Unix())

	require.Error(t, WriteDirectory(t.Context(), t.TempDir(), bytes.NewReader(layer(t, "x", "missing/file"))))
}
