package repository_test

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// It needs the network: the mirror that the host's apt sources name, or Debian's alias.
func TestClosureOfARealSuite(t *testing.T) {
	mirrors, err := repository.ChooseMirrors(repository.Debian, "", os.Getenv(repository.MirrorVariable),
		repository.HostMirrors(os.DirFS("/"), repository.Debian))
	require.NoError(t, err)
	files, fetcher := openStore(t, t.TempDir())
	source := repository.Source{Name: "debian", URI: mirrors.Main, Suite: "trixie", Components: []string{"main"}}

	begin := time.Now()
	release, err := repository.Update(t.Context(), fetcher, files, source, "amd64")
	require.NoError(t, err)
	t.Logf("update: %v", time.Since(begin))
	assert.Equal(t, "trixie", release.Codename)
	assert.WithinRange(t, release.Date, time.Date(2025, 8, 9, 0, 0, 0, 0, time.UTC), time.Now().Add(time.Hour))

	begin = time.Now()
	index, err := repository.NewIndex(release)
	require.NoError(t, err)
	t.Logf("index: %v, %d MiB", time.Since(begin), heap()>>20)
	assert.Less(t, heap(), uint64(80<<20), "the index is to stay small in memory")

	begin = time.Now()
	packages, err := repository.Closure(index, append(index.Essential(),
		"mmdebstrap", "apt", "e2fsprogs", "dosfstools", "mtools", "fdisk", "squashfs-tools", "xorriso",
		"qemu-utils", "ansible-core", "openssh-server", "linux-image-cloud-amd64"))
	require.NoError(t, err)
	t.Logf("closure: %v, %d packages", time.Since(begin), len(packages))
	names := make([]string, len(packages))
	for i, p := range packages {
		names[i] = p.Name
		assert.Len(t, p.SHA256, 64)
	}
	assert.True(t, slices.IsSorted(names))
	for _, needed := range []string{"libc6", "dash", "perl-base", "python3-minimal", "libzstd1"} {
		assert.Contains(t, names, needed)
	}
	runtime.KeepAlive(index)
}

// The embedded keyring knows the suites of Debian 12 and 13. It needs the network, too.
func TestEmbeddedKeyringOfRealSuites(t *testing.T) {
	mirrors, err := repository.ChooseMirrors(repository.Debian, "", os.Getenv(repository.MirrorVariable),
		repository.HostMirrors(os.DirFS("/"), repository.Debian))
	require.NoError(t, err)
	files, fetcher := openStore(t, t.TempDir())
	for suite, uri := range map[string]string{
		"bookworm-updates": mirrors.Main, "bookworm-security": mirrors.Security, "trixie-security": mirrors.Security,
	} {
		source := repository.Source{Name: "debian", URI: uri, Suite: suite, Components: []string{"main"}}
		release, err := repository.Update(t.Context(), fetcher, files, source, "arm64")
		require.NoError(t, err)
		assert.Equal(t, "Debian", release.Origin)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func openStore(t *testing.T, dir string) (*store.Store, *store.Fetcher) {
	t.Helper()
	files, err := store.Open(dir)
	require.NoError(t, err)
	fetcher, err := store.NewFetcher(files, store.Options{Retries: -1})
	require.NoError(t, err)
	t.Cleanup(fetcher.Close)
	return files, fetcher
}
