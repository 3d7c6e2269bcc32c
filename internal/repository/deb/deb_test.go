package deb_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository/deb"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

const control = "Package: a\nVersion: 1:2-3\nArchitecture: amd64\nMaintainer: T <t@example.org>\nDescription: test\n a test\n"

func write(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.deb")
	require.NoError(t, os.WriteFile(name, data, 0o644))
	return name
}

// contents are the regular files of a package.
func contents(t *testing.T, f *deb.File) map[string]string {
	t.Helper()
	data, err := f.Data()
	require.NoError(t, err)
	defer data.Close()
	all := map[string]string{}
	for archive := tar.NewReader(data); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			content, err := io.ReadAll(archive)
			require.NoError(t, err)
			all[header.Name] = string(content)
		}
	}
}

func TestReadEveryCompression(t *testing.T) {
	large := strings.Repeat("0123456789", 300_000)
	for _, extension := range []string{".xz", ".zst", ".gz", ""} {
		t.Run("tar"+extension, func(t *testing.T) {
			name := write(t, repositorytest.Deb(t, control+"\n\n", map[string]string{"usr/a": large, "usr/b": ""}, extension))
			f, err := deb.Open(name)
			require.NoError(t, err)
			text, err := f.Control()
			require.NoError(t, err)
			assert.Equal(t, control, text)
			for range 2 {
				assert.Equal(t, map[string]string{"./usr/a": large, "./usr/b": ""}, contents(t, f))
			}
			require.NoError(t, f.Close())
		})
	}
}

// What dpkg-deb builds is read, and dpkg-deb reads what repositorytest builds.
func TestAgainstDpkgDeb(t *testing.T) {
	dpkgDeb, err := exec.LookPath("dpkg-deb")
	require.NoError(t, err, "this test needs dpkg-deb")
	for _, compression := range []string{"xz", "zstd", "gzip", "none"} {
		root := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, "DEBIAN/control"), []byte(control), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(root, "file"), []byte("content"), 0o644))
		name := filepath.Join(t.TempDir(), "a.deb")
		out, err := exec.CommandContext(t.Context(), dpkgDeb, "-Z"+compression, "--root-owner-group", "-b", root, name).CombinedOutput()
		require.NoError(t, err, "%s", out)
		f, err := deb.Open(name)
		require.NoError(t, err)
		text, err := f.Control()
		require.NoError(t, err)
		assert.Equal(t, control, text, compression)
		assert.Equal(t, map[string]string{"./file": "content"}, contents(t, f), compression)
		require.NoError(t, f.Close())
	}
	name := write(t, repositorytest.Deb(t, control, map[string]string{"file": "content"}, ".xz"))
	out, err := exec.CommandContext(t.Context(), dpkgDeb, "--field", name, "Version").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "1:2-3\n", string(out))
}

func TestOpenRefuses(t *testing.T) {
	good := repositorytest.Deb(t, control, map[string]string{"file": "content"}, ".xz")
	replaced := func(from, to string) []byte { return bytes.Replace(good, []byte(from), []byte(to), 1) }
	for complaint, data := range map[string][]byte{
		"no ar archive":                         []byte("hello"),
		"first member is not debian-binary":     replaced("debian-binary", "debian-octals"),
		`package format "3.0" is not 2.x`:       replaced("2.0\n", "3.0\n"),
		"no member control.tar":                 replaced("control.tar", "kontrol.tar"),
		"no member data.tar":                    replaced("data.tar", "beta.tar"),
		"truncated: member data.tar.xz":         good[:len(good)-10],
		"no whole member header":                append(bytes.Clone(good), "tail"...),
		"wrong end mark":                        replaced("`\n", "''"),
		"member \"debian-binary\" has size \"x": replaced("4         `", "x         `"),
	} {
		name := write(t, data)
		_, err := deb.Open(name)
		assert.ErrorContains(t, err, complaint)
		assert.ErrorContains(t, err, name)
	}
	_, err := deb.Open(filepath.Join(t.TempDir(), "none.deb"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestControlAndDataRefuse(t *testing.T) {
	good := repositorytest.Deb(t, control, map[string]string{"file": strings.Repeat("content", 10000)}, ".xz")
	unknown := bytes.ReplaceAll(good, []byte(".tar.xz "), []byte(".tar.lz "))
	f, err := deb.Open(write(t, unknown))
	require.NoError(t, err)
	_, err = f.Control()
	assert.ErrorContains(t, err, "compression .lz is not supported")
	_, err = f.Data()
	assert.ErrorContains(t, err, "compression .lz is not supported")
	require.NoError(t, f.Close())

	damaged := bytes.Clone(good)
	damaged[len(damaged)-60] ^= 0xff
	f, err = deb.Open(write(t, damaged))
	require.NoError(t, err)
	data, err := f.Data()
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, data)
	assert.Error(t, err, "a damaged stream must not read as a short one")
	require.NoError(t, f.Close())

	f, err = deb.Open(write(t, repositorytest.Deb(t, strings.Repeat("x", 1<<20+1), nil, "")))
	require.NoError(t, err)
	_, err = f.Control()
	assert.ErrorContains(t, err, "more than 1048576")
	require.NoError(t, f.Close())
}

func FuzzOpen(f *testing.F) {
	for _, extension := range []string{".xz", ".zst", ".gz", ""} {
		f.Add(repositorytest.Deb(f, control, map[string]string{"file": "content"}, extension))
	}
	name := filepath.Join(f.TempDir(), "a.deb")
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(name, data, 0o644))
		file, err := deb.Open(name)
		if err != nil {
			return
		}
		defer file.Close()
		if text, err := file.Control(); err == nil {
			assert.True(t, strings.HasSuffix(text, "\n"))
		}
		if stream, err := file.Data(); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(stream, 1<<20))
			assert.NoError(t, stream.Close())
		}
	})
}

// The figure to compare is MB/s of what comes out.
func BenchmarkData(b *testing.B) {
	data := repositorytest.Deb(b, control, map[string]string{"file": strings.Repeat("some text that repeats itself\n", 200_000)}, ".xz")
	name := filepath.Join(b.TempDir(), "a.deb")
	require.NoError(b, os.WriteFile(name, data, 0o644))
	b.SetBytes(6_000_000)
	for b.Loop() {
		f, err := deb.Open(name)
		require.NoError(b, err)
		stream, err := f.Data()
		require.NoError(b, err)
		_, err = io.Copy(io.Discard, stream)
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
}
