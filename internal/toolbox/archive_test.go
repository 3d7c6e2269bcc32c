//go:build linux

package toolbox

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func dir(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode, ModTime: day}
}

// file's content is its name.
func file(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, ModTime: day, Size: int64(len(name))}
}

func link(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777, ModTime: day}
}

func archive(t testing.TB, headers ...tar.Header) []byte {
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, h := range headers {
		require.NoError(t, w.WriteHeader(&h))
		if h.Size > 0 {
			_, err := w.Write([]byte(h.Name))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return data.Bytes()
}

// unpackInto unpacks archives one after the other into tree and finishes its directories.
func unpackInto(t testing.TB, tree string, archives ...[]byte) error {
	root, err := os.OpenRoot(tree)
	require.NoError(t, err)
	defer root.Close()
	var all []directory
	for _, data := range archives {
		directories, err := writeArchive(context.Background(), root, bytes.NewReader(data))
		if err != nil {
			return err
		}
		all = append(all, directories...)
	}
	return finishDirectories(root, all)
}

func TestWriteArchive(t *testing.T) {
	oldMask := syscall.Umask(0o077)
	defer syscall.Umask(oldMask)
	tree := t.TempDir()
	err := unpackInto(t, tree,
		archive(t, dir("./", 0o755), dir("./usr/", 0o755), dir("./usr/bin/", 0o755), dir("./tmp/", 0o1777),
			link(tar.TypeSymlink, "./bin", "usr/bin"), dir("./root/", 0o700)),
		archive(t, dir("./", 0o700), dir("./usr/", 0o700), dir("./bin/", 0o700), // the first package's modes stay
			file("./bin/first", 0o755), file("./bin/su", 0o4755), file("./bin/chage", 0o2755),
			link(tar.TypeLink, "./bin/second", "./bin/first"),
			link(tar.TypeSymlink, "./usr/bin/dangling", "/etc/alternatives/nothing"),
			file("usr/no/directory/listed", 0o640),
			file("./usr/share/man/man1/su.1", 0o644), file("./usr/share/doc/su/changelog", 0o644),
			file("./usr/share/doc/su/copyright", 0o644)))
	require.NoError(t, err)

	type want struct {
		name string
		mode fs.FileMode
	}
	for _, w := range []want{
		{".", fs.ModeDir | 0o755},
		{"usr", fs.ModeDir | 0o755},
		{"usr/bin", fs.ModeDir | 0o755},
		{"bin", fs.ModeSymlink | 0o777},
		{"tmp", fs.ModeDir | fs.ModeSticky | 0o777},
		{"root", fs.ModeDir | 0o700},
		{"usr/bin/first", 0o755},
		{"usr/bin/second", 0o755},
		{"usr/bin/su", fs.ModeSetuid | 0o755},
		{"usr/bin/chage", fs.ModeSetgid | 0o755},
		{"usr/bin/dangling", fs.ModeSymlink | 0o777},
		{"usr/no/directory/listed", 0o640},
		{"usr/share/doc/su/copyright", 0o644},
	} {
		info, err := os.Lstat(filepath.Join(tree, w.name))
		if assert.NoError(t, err) {
			assert.Equal(t, w.mode.String(), info.Mode().String(), w.name)
		}
		if info.Mode().IsRegular() || w.name == "usr/bin" {
			assert.Equal(t, day, info.ModTime().UTC(), w.name)
		}
	}
	first, _ := os.Stat(filepath.Join(tree, "usr/bin/first"))
	second, _ := os.Stat(filepath.Join(tree, "bin/second"))
	assert.True(t, os.SameFile(first, second), "hard link")
	content, err := os.ReadFile(filepath.Join(tree, "bin/first"))
	require.NoError(t, err)
	assert.Equal(t, "./bin/first", string(content))
	assert.NoDirExists(t, filepath.Join(tree, "usr/share/man"))
	assert.NoFileExists(t, filepath.Join(tree, "usr/share/doc/su/changelog"))
}

// TestOwners needs root, for only root gives files away.
func TestOwners(t *testing.T) {
	owned := file("./shadow", 0o2640)
	owned.Uid, owned.Gid = 0, 42
	tree := t.TempDir()
	require.NoError(t, unpackInto(t, tree, archive(t, owned)))
	info, err := os.Stat(filepath.Join(tree, "shadow"))
	require.NoError(t, err)
	if os.Geteuid() == 0 {
		assert.EqualValues(t, 42, info.Sys().(*syscall.Stat_t).Gid)
		assert.Equal(t, fs.ModeSetgid|0o640, info.Mode())
		return
	}
	assert.Equal(t, fs.FileMode(0o640), info.Mode(), "set-group-ID of another group is not given")
}

// hostile archives try to write outside the tree, or are no packages' archives.
func hostile() map[string][]tar.Header {
	return map[string][]tar.Header{
		"parent":              {file("../secret", 0o644)},
		"parent in the midst": {file("./usr/../../secret", 0o644)},
		"absolute":            {file("/secret", 0o644)},
		"link up":             {link(tar.TypeSymlink, "./out", ".."), file("./out/secret", 0o644)},
		"absolute link":       {link(tar.TypeSymlink, "./out", os.TempDir()), file("./out/secret", 0o644)},
		"two links up": {
			dir("./a/", 0o755), link(tar.TypeSymlink, "./a/up", ".."),
			link(tar.TypeSymlink, "./out", "a/up/.."), file("./out/secret", 0o644),
		},
		"directory behind a link": {link(tar.TypeSymlink, "./out", ".."), dir("./out/made/", 0o777)},
		"file over its own link":  {link(tar.TypeSymlink, "./passwd", "../secret"), file("./passwd", 0o644)},
		"hard link up":            {link(tar.TypeLink, "./passwd", "../secret")},
		"hard link behind a link": {
			link(tar.TypeSymlink, "./out", ".."), link(tar.TypeLink, "./passwd", "./out/secret"),
		},
		"hard link to a symbolic link": {
			link(tar.TypeSymlink, "./out", "../secret"), link(tar.TypeLink, "./passwd", "./out"),
		},
		"hard link to nothing":   {link(tar.TypeLink, "./passwd", "./absent")},
		"two files of one name":  {file("./passwd", 0o644), file("passwd", 0o644)},
		"file over a directory":  {dir("./etc/", 0o755), file("./etc", 0o644)},
		"directory over a file":  {file("./etc", 0o644), dir("./etc/", 0o755)},
		"the root as a link":     {link(tar.TypeSymlink, "./", "..")},
		"character device":       {{Typeflag: tar.TypeChar, Name: "./dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3}},
		"block device":           {{Typeflag: tar.TypeBlock, Name: "./dev/vda", Mode: 0o660, Devmajor: 252}},
		"FIFO":                   {{Typeflag: tar.TypeFifo, Name: "./run/fifo", Mode: 0o600}},
		"backslash for Windows":  {file(`.\..\secret`, 0o644)},
		"dot as a file":          {file(".", 0o644)},
		"parent by a link's end": {link(tar.TypeSymlink, "./out", "../"), file("./out/new", 0o644)},
	}
}

// outside makes a tree in a directory with a file beside it, which nothing may change.
func outside(t testing.TB) (tree string, check func()) {
	parent := t.TempDir()
	tree = filepath.Join(parent, "tree")
	require.NoError(t, os.Mkdir(tree, 0o755))
	secret := filepath.Join(parent, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	before, err := os.Stat(secret)
	require.NoError(t, err)
	return tree, func() {
		entries, err := os.ReadDir(parent)
		require.NoError(t, err)
		require.Len(t, entries, 2, "something was made beside the tree")
		content, err := os.ReadFile(secret)
		require.NoError(t, err)
		require.Equal(t, "secret", string(content))
		after, err := os.Stat(secret)
		require.NoError(t, err)
		require.Equal(t, before.Mode(), after.Mode())
		require.Equal(t, before.ModTime(), after.ModTime())
		require.EqualValues(t, 1, after.Sys().(*syscall.Stat_t).Nlink, "a hard link leads out of the tree")
	}
}

// TestEntryName: what it refuses os.Root would refuse too, but with less to say.
func TestEntryName(t *testing.T) {
	for raw, want := range map[string]string{
		"./": ".", "./usr/bin/": "usr/bin", "usr//bin/./env": "usr/bin/env", "./a..b": "a..b",
	} {
		name, err := entryName(raw)
		require.NoError(t, err)
		assert.Equal(t, want, name)
	}
	for _, raw := range []string{"/etc", "..", "./..", "a/../b", "a/..", `a\b`, "a\x00b"} {
		_, err := entryName(raw)
		assert.Error(t, err, raw)
	}
}

func TestHostileArchives(t *testing.T) {
	for name, headers := range hostile() {
		t.Run(name, func(t *testing.T) {
			tree, check := outside(t)
			assert.Error(t, unpackInto(t, tree, archive(t, headers...)))
			check()
		})
	}
}

func TestTruncatedArchive(t *testing.T) {
	data := archive(t, dir("./usr/", 0o755), file("./usr/file", 0o644))
	err := unpackInto(t, t.TempDir(), data[:1024+3])
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestUnpackStopsWithItsContext(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = writeArchive(ctx, root, bytes.NewReader(archive(t, file("./file", 0o644))))
	assert.ErrorIs(t, err, context.Canceled)
}

// FuzzWriteArchive feeds any bytes as an archive: whatever they say, nothing outside the tree changes.
func FuzzWriteArchive(f *testing.F) {
	for _, headers := range hostile() {
		f.Add(archive(f, headers...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, check := outside(t)
		_ = unpackInto(t, tree, data)
		check()
	})
}

// FuzzEntries does the same with whole entries, which bytes at random seldom make.
func FuzzEntries(f *testing.F) {
	f.Add("./a", "..", byte('2'), "./a/b", "", byte('0'), "./c", "./a/../b", byte('1'))
	f.Add("a", "/", byte('2'), "a/tmp/x", "a", byte('5'), "b", "a/secret", byte('1'))
	f.Fuzz(func(t *testing.T, n1, l1 string, t1 byte, n2, l2 string, t2 byte, n3, l3 string, t3 byte) {
		var data bytes.Buffer
		w := tar.NewWriter(&data)
		for _, h := range []tar.Header{link(t1, n1, l1), link(t2, n2, l2), link(t3, n3, l3)} {
			if w.WriteHeader(&h) != nil {
				return
			}
		}
		tree, check := outside(t)
		_ = unpackInto(t, tree, data.Bytes())
		check()
	})
}
