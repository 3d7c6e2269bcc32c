//go:build linux

package toolbox

import (
	"archive/tar"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bootOptions are those of a test that makes boot files: they know of no owner and no mapping.
func bootOptions(t *testing.T, cacheDir string, served *debianArchive) Options {
	o := options(t, cacheDir, served.mirror(), &served.pin)
	o.Owner = ""
	o.Inside = func(context.Context, Task) error { t.Error("a tree was asked for"); return nil }
	return o
}

// cached are the names in a cache's directory, without the lock and remembered pins.
func cached(t *testing.T, cacheDir string) (suffixes []string) {
	entries, err := os.ReadDir(filepath.Join(cacheDir, "toolbox"))
	require.NoError(t, err)
	for _, entry := range entries {
		_, suffix, _ := strings.Cut(entry.Name(), ".")
		if suffix != "lock" && suffix != "json" {
			suffixes = append(suffixes, suffix)
		}
	}
	return suffixes
}

func TestEnsureBootTwiceAsksTheNetworkOnce(t *testing.T) {
	served := serveData(t, bootPackages(t))
	cacheDir := t.TempDir()
	made, err := EnsureBoot(t.Context(), bootOptions(t, cacheDir, served))
	require.NoError(t, err)
	assert.Equal(t, served.pin, made.Pin)
	assert.EqualValues(t, len(served.pin.Packages), served.requests.Load())
	assert.Equal(t, []string{"initramfs", "kernel"}, cached(t, cacheDir))
	for _, name := range []string{made.Kernel, made.Initramfs} {
		assert.True(t, filepath.IsAbs(name))
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	kernel, err := os.ReadFile(made.Kernel)
	require.NoError(t, err)
	assert.Equal(t, kernelWith(0x202, "HdrS"), kernel)
	file, err := os.Open(made.Initramfs)
	require.NoError(t, err)
	defer file.Close()
	_, files := readInitramfs(t, file)
	assert.Equal(t, initScript, files["init"].content)

	bare := Options{CacheDir: cacheDir, Architecture: "amd64", Pin: &served.pin}
	again, err := EnsureBoot(t.Context(), bare)
	require.NoError(t, err)
	assert.Equal(t, made, again)
	kernelPath, err := EnsureKernel(t.Context(), bare)
	require.NoError(t, err)
	assert.Equal(t, made.Kernel, kernelPath)
	assert.EqualValues(t, len(served.pin.Packages), served.requests.Load())

	c, err := openCache(cacheDir, "test")
	require.NoError(t, err)
	tree, err := c.toolbox(served.pin)
	require.NoError(t, err)
	assert.Equal(t, tree.Digest, made.Digest)
}

func TestEnsureKernelFetchesNoMore(t *testing.T) {
	served := serveData(t, bootPackages(t))
	cacheDir := t.TempDir()
	kernel, err := EnsureKernel(t.Context(), bootOptions(t, cacheDir, served))
	require.NoError(t, err)
	assert.Equal(t, []string{"kernel"}, cached(t, cacheDir))
	assert.EqualValues(t, 2, served.requests.Load(), "the kernel, and the package that depends on the newest one")
	before, err := os.Stat(kernel)
	require.NoError(t, err)

	made, err := EnsureBoot(t.Context(), bootOptions(t, cacheDir, served))
	require.NoError(t, err)
	assert.Equal(t, kernel, made.Kernel)
	assert.EqualValues(t, len(served.pin.Packages), served.requests.Load(), "the rest")
	after, err := os.Stat(kernel)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "made once")
}

func TestEnsureBootRemovesWhatAKilledOneLeft(t *testing.T) {
	served := serveData(t, bootPackages(t))
	cacheDir := t.TempDir()
	c, err := openBootCache(cacheDir)
	require.NoError(t, err)
	at, err := c.boot(served.pin)
	require.NoError(t, err)
	own := []string{
		at.Kernel + partialSuffix, at.Initramfs + partialSuffix,
		filepath.Join(c.dir, "trixie-amd64-0123456789abcdef.initramfs.partial"), filepath.Join(c.dir, "trixie-amd64-0.boot.partial"),
	}
	others := filepath.Join(c.dir, "trixie-amd64-0123456789abcdef.shift-1.partial")
	for _, name := range append(own, others) {
		require.NoError(t, os.WriteFile(name, []byte("left"), 0o600))
	}
	_, err = EnsureBoot(t.Context(), bootOptions(t, cacheDir, served))
	require.NoError(t, err)
	assert.Equal(t, []string{others}, partials(t, cacheDir), "another lock's is another's to remove")
}

func TestEnsureBootAtOnceMakesOnce(t *testing.T) {
	served := serveData(t, bootPackages(t))
	cacheDir := t.TempDir()
	var made atomic.Int32
	var all sync.WaitGroup
	for n := range 4 {
		o := bootOptions(t, cacheDir, served)
		o.Progress = func(format string, args ...any) {
			if strings.Contains(format, "made in") {
				made.Add(1)
			}
		}
		all.Go(func() {
			var err error
			if n == 0 {
				_, err = EnsureKernel(t.Context(), o)
			} else {
				_, err = EnsureBoot(t.Context(), o)
			}
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.EqualValues(t, 2, made.Load(), "a kernel and an initramfs")
}

func TestEnsureBootThatFailsLeavesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(packages map[string][]byte)
		want   string
		left   []string
	}{
		"no kernel": {
			func(p map[string][]byte) { p["linux-image-6.12-cloud-amd64"] = archive(t, dir("./boot/", 0o755)) },
			".kernel: no package of the toolbox has a kernel", nil,
		},
		"another machine's kernel": {
			func(p map[string][]byte) {
				p["linux-image-6.12-cloud-amd64"] = pack(t, text("./boot/vmlinuz-6.12", string(kernelWith(0x38, "ARM\x64"))))
			},
			"unpack linux-image-6.12-cloud-amd64: boot/vmlinuz-6.12: not a kernel of amd64 that QEMU starts", nil,
		},
		"initramfs": {
			func(p map[string][]byte) { p["zeta"] = archive(t, tar.Header{Typeflag: tar.TypeFifo, Name: "./fifo"}) },
			".initramfs: unpack zeta: fifo: file type '6'",
			[]string{"kernel"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			packages := bootPackages(t)
			c.change(packages)
			served := serveData(t, packages)
			cacheDir := t.TempDir()
			_, err := EnsureBoot(t.Context(), bootOptions(t, cacheDir, served))
			assert.ErrorContains(t, err, c.want)
			assert.Equal(t, c.left, cached(t, cacheDir))
		})
	}
}

func TestEnsureBootStopsWithItsContext(t *testing.T) {
	served := serveData(t, bootPackages(t))
	cacheDir := t.TempDir()
	o := bootOptions(t, cacheDir, served)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(format string, args ...any) {
		if strings.Contains(format, "made in") { // the kernel
			cancel()
		}
	}
	_, err := EnsureBoot(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"kernel"}, cached(t, cacheDir))
}

// TestRecipe finds files that decide what is made and are not in the digest: a plugin with another version of them
// would use what an older one has made.
func TestRecipe(t *testing.T) {
	elsewhere := map[string]bool{
		// What is made where and when, of which packages; the pin has those.
		"boot.go": true, "cache.go": true, "download.go": true, "list.go": true, "mapped.go": true,
		"pin.go": true, "resolve.go": true, "task.go": true, "toolbox.go": true, "bytecode_other.go": true,
	}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.HasSuffix(name, "_test.go") {
			continue
		}
		_, err := fs.Stat(recipe, name)
		assert.Equal(t, elsewhere[name], err != nil, name)
	}
}
