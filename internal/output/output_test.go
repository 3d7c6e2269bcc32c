package output

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var beside = map[string][]byte{Checksum: []byte("sum"), Manifest: []byte("{}")}

func TestDeliver(t *testing.T) {
	final := filepath.Join(t.TempDir(), "new", "node.qcow2")
	image, err := Reserve(final, false)
	require.NoError(t, err)
	_, err = image.WriteString("disk")
	require.NoError(t, err)
	require.NoFileExists(t, final)
	files, err := image.Deliver(beside)
	require.NoError(t, err)
	assert.Equal(t, []string{final, final + Checksum, final + Manifest}, files)
	require.NoError(t, image.Discard(), "a cleanup after delivery")
	assert.Equal(t, []string{"node.qcow2", "node.qcow2.manifest.json", "node.qcow2.sha256"}, names(t, final))
}

func TestDiscard(t *testing.T) {
	final := filepath.Join(t.TempDir(), "node.qcow2")
	image, err := Reserve(final, false)
	require.NoError(t, err)
	require.NoError(t, image.Discard())
	assert.Empty(t, names(t, final))
}

func TestExistingFilesAreKept(t *testing.T) {
	for _, ending := range []string{"", Checksum, Manifest} {
		final := filepath.Join(t.TempDir(), "node.qcow2")
		require.NoError(t, os.WriteFile(final+ending, []byte("precious"), 0o600))
		_, err := Reserve(final, false)
		require.ErrorContains(t, err, final+ending+" exists: ")
		assert.Len(t, names(t, final), 1)

		image, err := Reserve(final, true)
		require.NoError(t, err)
		require.NoError(t, image.Discard())
		text, err := os.ReadFile(final + ending)
		require.NoError(t, err)
		assert.Equal(t, "precious", string(text), "a build that failed replaced a file")
	}
}

func TestWhatAppearsMeanwhileIsKept(t *testing.T) {
	final := filepath.Join(t.TempDir(), "node.qcow2")
	image, err := Reserve(final, false)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(final, []byte("precious"), 0o600))
	_, err = image.Deliver(beside)
	require.ErrorContains(t, err, "exists")
	require.NoError(t, image.Discard())
	assert.Equal(t, []string{"node.qcow2"}, names(t, final))
}

func TestTwoBuildsOfOneImage(t *testing.T) {
	final := filepath.Join(t.TempDir(), "node.qcow2")
	first, err := Reserve(final, true)
	require.NoError(t, err)
	_, err = Reserve(final, true)
	require.ErrorContains(t, err, "another build is writing "+final)
	require.NoError(t, first.Discard())
}

func TestLeftoverOfAKilledBuildIsUsedAgain(t *testing.T) {
	final := filepath.Join(t.TempDir(), "node.qcow2")
	killed, err := Reserve(final, false)
	require.NoError(t, err)
	_, err = killed.WriteString("half a disk")
	require.NoError(t, err)
	require.NoError(t, killed.Close())

	image, err := Reserve(final, false)
	require.NoError(t, err)
	info, err := image.Stat()
	require.NoError(t, err)
	assert.Zero(t, info.Size())
	_, err = image.Deliver(beside)
	require.NoError(t, err)
	assert.Len(t, names(t, final), 3)
}

func names(t *testing.T, final string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(final))
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestDiscardItsDirectory(t *testing.T) {
	own, given := filepath.Join(t.TempDir(), "own"), t.TempDir()
	for _, dir := range []string{own, given} {
		i, err := Reserve(filepath.Join(dir, "node.qcow2"), false)
		require.NoError(t, err)
		require.NoError(t, i.Discard())
	}
	assert.NoDirExists(t, own)
	assert.DirExists(t, given)
}
