package work

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func removeAll(_ context.Context, path string) error { return os.RemoveAll(path) }

func TestBuildsKeepTheirOwnDirectories(t *testing.T) {
	cache := t.TempDir()
	first, err := New(t.Context(), cache, removeAll, t.Logf)
	require.NoError(t, err)
	second, err := New(t.Context(), cache, removeAll, t.Logf)
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
	gone, err := New(t.Context(), cache, removeAll, t.Logf)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(gone.Path, "disk.raw"), nil, 0o600))
	require.NoError(t, gone.lock.Close()) // as a kill does

	next, err := New(t.Context(), cache, removeAll, t.Logf)
	require.NoError(t, err)
	require.NoDirExists(t, gone.Path)
	require.NoFileExists(t, gone.Path+lockSuffix)
	require.NoError(t, next.Remove(t.Context()))
}

func TestAbandonedBeginningsAreRemoved(t *testing.T) {
	cache := t.TempDir()
	old, fresh := filepath.Join(cache, "work", "build-1"), filepath.Join(cache, "work", "build-2")
	for _, path := range []string{old, fresh} {
		require.NoError(t, os.MkdirAll(path, 0o700))
	}
	long := time.Now().Add(-2 * abandoned)
	require.NoError(t, os.Chtimes(old, long, long))
	next, err := New(t.Context(), cache, removeAll, t.Logf)
	require.NoError(t, err)
	require.NoDirExists(t, old)
	require.DirExists(t, fresh, "a build that is just beginning lost its directory")
	require.NoError(t, next.Remove(t.Context()))
}

func TestWhatCannotBeRemovedStopsNoBuild(t *testing.T) {
	cache := t.TempDir()
	gone, err := New(t.Context(), cache, removeAll, t.Logf)
	require.NoError(t, err)
	require.NoError(t, gone.lock.Close())
	var warned string
	next, err := New(t.Context(), cache, func(context.Context, string) error { return os.ErrPermission },
		func(format string, args ...any) { warned = fmt.Sprintf(format, args...) })
	require.NoError(t, err)
	require.Contains(t, warned, "permission denied")
	next.remove = removeAll
	require.NoError(t, next.Remove(t.Context()))
}
