package machinetest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

// toolboxOptions are those for a toolbox from the mirror of the host's apt sources, kept in the
// user's cache directory, below airship-test. done is called when it is there.
func toolboxOptions(t *testing.T) (o toolbox.Options, done func()) {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	cache = filepath.Join(cache, "airship-test")
	require.NoError(t, os.MkdirAll(cache, 0o755))
	files, err := store.Open(filepath.Join(cache, "store"))
	require.NoError(t, err)
	fetcher, err := store.NewFetcher(files, store.Options{})
	require.NoError(t, err)
	return toolbox.Options{
		CacheDir: cache, Architecture: runtime.GOARCH, Mirror: Mirror(t).Main,
		Store: files, Fetcher: fetcher, Progress: t.Logf,
	}, fetcher.Close
}

// Mirror is Debian's, from the environment or the host's apt sources.
func Mirror(t *testing.T) repository.Mirrors {
	t.Helper()
	mirrors, err := repository.ChooseMirrors(repository.Debian, "", os.Getenv(repository.MirrorVariable),
		repository.HostMirrors(os.DirFS("/"), repository.Debian))
	require.NoError(t, err)
	return mirrors
}
