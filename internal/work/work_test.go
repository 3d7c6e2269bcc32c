package work

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func removeAll(_ context.Context, path string) error { return os.RemoveAll(path) }

func TestBuildsKeepTheirOwnDirectories(t *testing.T) {
	cache := t.TempDir()
	first, err := New(t.Context(), cache, removeAll)
	require.NoError(t, err)
	second, err := New(t.Context(), cache, removeAll)
	require.NoError(t, err)
	require.DirExists(t, first.Path, "the second build removed the first one's directory")
	require.NotEqual(t, first.Path, second.Path)

	require.NoError(t, first.Remove(t.Context()))
	require.NoError(t, second.Remove(t.Context()))
	left, err := os.ReadDir(filepath.Join(cache, "work"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestDirectoriesOfGoneBuildsAreRemoved(t *testing.T) {
	cache := t.TempDir()
	gone, err := New(t.Context(), cache, removeAll)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(gone.Path, "disk.raw"), nil, 0o600))
	require.NoError(t, gone.lock.Close()) // as a kill does

	next, err := New(t.Context(), cache, removeAll)
	require.NoError(t, err)
	require.NoDirExists(t, gone.Path)
	require.NoFileExists(t, gone.Path+lockSuffix)
	require.NoError(t, next.Remove(t.Context()))
}
