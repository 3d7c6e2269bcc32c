//go:build linux

package toolbox

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

func smallPackages() map[string][]tar.Header {
	return map[string][]tar.Header{
		"base-files": {
			dir("./", 0o755), dir("./usr/", 0o755), dir("./usr/bin/", 0o755), link(tar.TypeSymlink, "./bin", "usr/bin"),
		},
		"acme": {dir("./bin/", 0o755), file("./bin/acme", 0o755)},
		"zeta": {file("./usr/bin/zeta", 0o755)},
	}
}

// unpackOnly is an Options.Inside for packages that lack what the fix-ups read.
func unpackOnly(ctx context.Context, t Task) error {
	if len(t.Debs) == 0 {
		return t.Do(ctx)
	}
	return Unpack(ctx, t.Debs, t.Tree)
}

func options(t *testing.T, cacheDir, mirror string, pin *Pin) Options {
	s, err := store.Open(filepath.Join(cacheDir, "store"))
	require.NoError(t, err)
	fetcher, err := store.NewFetcher(s, store.Options{Retries: -1})
	require.NoError(t, err)
	t.Cleanup(fetcher.Close)
	return Options{
		CacheDir: cacheDir, Architecture: "amd64", Mirror: mirror, Store: s, Fetcher: fetcher, Pin: pin,
		Owner: "test", Inside: unpackOnly, Progress: t.Logf,
	}
}

// decodeOptions are the options that the process of TestKilledEnsure is given.
func decodeOptions(r io.Reader, cacheDir string) (Options, error) {
	o := Options{CacheDir: cacheDir, Architecture: "amd64", Owner: "test"}
	var given struct {
		Mirror string
		Pin    *Pin
	}
	err := json.NewDecoder(r).Decode(&given)
	if err != nil {
		return o, err
	}
	o.Mirror, o.Pin = given.Mirror, given.Pin
	if o.Store, err = store.Open(filepath.Join(cacheDir, "store")); err != nil {
		return o, err
	}
	o.Fetcher, err = store.NewFetcher(o.Store, store.Options{})
	return o, err
}

// partials are the unfinished trees of a cache.
func partials(t *testing.T, cacheDir string) []string {
	names, err := filepath.Glob(filepath.Join(cacheDir, "toolbox", "*"+partialSuffix))
	require.NoError(t, err)
	return names
}

func TestEnsureTwiceAsksTheNetworkOnce(t *testing.T) {
	archive := serveArchive(t, smallPackages())
	cacheDir := t.TempDir()
	made, err := Ensure(context.Background(), options(t, cacheDir, archive.mirror(), &archive.pin))
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(made.Dir, "usr/bin/acme"))
	assert.FileExists(t, filepath.Join(made.Dir, "bin/zeta"))
	assert.Equal(t, archive.pin, made.Pin)
	assert.EqualValues(t, 3, archive.requests.Load())
	assert.Empty(t, partials(t, cacheDir))

	again, err := Ensure(context.Background(), Options{
		CacheDir: cacheDir, Architecture: "amd64", Owner: "test", Pin: &archive.pin,
		Inside: func(context.Context, Task) error { t.Error("unpacked again"); return nil },
	})
	require.NoError(t, err)
	assert.Equal(t, made, again)
	assert.EqualValues(t, 3, archive.requests.Load())

	other := options(t, cacheDir, archive.mirror(), &archive.pin)
	other.Owner = "other"
	another, err := Ensure(context.Background(), other)
	require.NoError(t, err)
	assert.NotEqual(t, made.Dir, another.Dir, "each mapping has a tree of its own")
	assert.Equal(t, made.Digest, another.Digest)
	assert.EqualValues(t, 3, archive.requests.Load(), "the store has the packages")
}

func TestEnsureRemembersItsPin(t *testing.T) {
	archive := serveArchive(t, smallPackages())
	cacheDir := t.TempDir()
	c, err := openCache(cacheDir, "test")
	require.NoError(t, err)
	require.NoError(t, c.remember(archive.pin))
	made, err := Ensure(context.Background(), options(t, cacheDir, archive.mirror(), nil))
	require.NoError(t, err)
	assert.Equal(t, archive.pin, made.Pin)
	assert.EqualValues(t, 3, archive.requests.Load(), "no index was read")
}

// TestEnsureResolvesAgain: the mirror has dropped a package of the remembered pin, so it is asked for what it has
// instead. This one has no suite at all.
func TestEnsureResolvesAgain(t *testing.T) {
	archive := serveArchive(t, smallPackages())
	cacheDir := t.TempDir()
	c, err := openCache(cacheDir, "test")
	require.NoError(t, err)
	archive.pin.Packages[0].Filename = "pool/dropped.deb"
	require.NoError(t, c.remember(archive.pin))
	_, err = Ensure(context.Background(), options(t, cacheDir, archive.mirror(), nil))
	assert.ErrorContains(t, err, "there is no suite trixie")
}

func TestEnsureAtOnceUnpacksOnce(t *testing.T) {
	archive := serveArchive(t, smallPackages())
	cacheDir := t.TempDir()
	var unpacked atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		o := options(t, cacheDir, archive.mirror(), &archive.pin)
		o.Inside = func(ctx context.Context, task Task) error {
			unpacked.Add(1)
			return unpackOnly(ctx, task)
		}
		all.Go(func() {
			made, err := Ensure(context.Background(), o)
			assert.NoError(t, err)
			assert.FileExists(t, filepath.Join(made.Dir, "usr/bin/acme"))
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, unpacked.Load())
}

func TestKilledEnsure(t *testing.T) {
	archive := serveArchive(t, smallPackages())
	cacheDir := t.TempDir()
	request, err := json.Marshal(map[string]any{"Mirror": archive.mirror(), "Pin": archive.pin})
	require.NoError(t, err)
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), hangIn+"="+cacheDir)
	victim.Stdin = strings.NewReader(string(request))
	output, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "unpacked <nil>\n", line)

	// While it lives it holds the lock, and whoever waits for it can give up.
	waiting := options(t, cacheDir, archive.mirror(), &archive.pin)
	ctx, cancel := context.WithCancel(context.Background())
	waiting.Progress = func(string, ...any) { cancel() }
	_, err = Ensure(ctx, waiting)
	require.ErrorIs(t, err, context.Canceled)

	require.NoError(t, victim.Process.Kill())
	require.Error(t, victim.Wait())
	require.Len(t, partials(t, cacheDir), 1)
	made, err := Ensure(context.Background(), options(t, cacheDir, archive.mirror(), &archive.pin))
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(made.Dir, "usr/bin/acme"))
	assert.Empty(t, partials(t, cacheDir))
}

func TestEnsureThatFailsLeavesNothing(t *testing.T) {
	packages := smallPackages()
	packages["zeta"] = append(packages["zeta"], file("./bin/zeta", 0o755)) // the same file by another way
	archive := serveArchive(t, packages)
	cacheDir := t.TempDir()
	_, err := Ensure(context.Background(), options(t, cacheDir, archive.mirror(), &archive.pin))
	assert.ErrorContains(t, err, "unpack zeta: bin/zeta: ")
	assert.Empty(t, partials(t, cacheDir))
	trees, err := filepath.Glob(filepath.Join(cacheDir, "toolbox", "*.test"))
	require.NoError(t, err)
	assert.Empty(t, trees)
}

func TestEnsureRefuses(t *testing.T) {
	archive := serveArchive(t, smallPackages())
	gone := archive.pin
	gone.Packages = append([]PinnedPackage{}, gone.Packages...)
	gone.Packages[0].Filename = "pool/dropped.deb"
	tampered := archive.pin
	tampered.Packages = append([]PinnedPackage{}, tampered.Packages...)
	tampered.Packages[0].SHA256 = strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"pin of another architecture": {func(o *Options) { o.Architecture = "arm64" }, "it is for trixie amd64"},
		"broken pin":                  {func(o *Options) { o.Pin = &Pin{Suite: "trixie"} }, "must be there"},
		"owner that leads elsewhere":  {func(o *Options) { o.Owner = "../x" }, "lower-case letters"},
		"dropped package":             {func(o *Options) { o.Pin = &gone }, "the mirror no longer has the lock's toolbox packages"},
		"package that is another":     {func(o *Options) { o.Pin = &tampered }, "wrong contents"},
		"unknown suite":               {func(o *Options) { o.Suite, o.Pin = "sarge", nil }, "use trixie"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, t.TempDir(), archive.mirror(), &archive.pin)
			c.change(&o)
			_, err := Ensure(context.Background(), o)
			assert.ErrorContains(t, err, c.want)
		})
	}
}
