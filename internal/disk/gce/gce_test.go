package gce

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/disktest"
)

var modified = time.Unix(1_700_000_000, 0)

// A disk of more than 64 GiB, whose sizes and offsets do not fit octal fields, with more regions than one block of the map holds.
func TestTarListsALargeDisk(t *testing.T) {
	const size = 100 * disktest.GiB
	parts := map[int64][]byte{}
	for at := int64(0); at < size; at += 2 * disktest.GiB {
		parts[at] = []byte{1}
	}
	dst, err := os.Create(filepath.Join(t.TempDir(), "disk.tar.gz"))
	require.NoError(t, err)
	defer dst.Close()
	require.NoError(t, Write(context.Background(), dst, disktest.Open(t, disktest.Raw(t, size, parts)), modified))
	list := exec.Command("tar", "--list", "--verbose", "--gzip", "--file", dst.Name())
	list.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	output, err := list.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Equal(t, "-rw-r--r-- root/root 107374182400 2023-11-14 22:13 disk.raw\n", string(output))
}

// Go's reader takes regions one right after another, GNU tar fills each up to a block.
func TestGoReadsTheSame(t *testing.T) {
	raw := disktest.Raw(t, disktest.GiB, map[int64][]byte{100: {1}, 900 * disktest.MiB: {2}, disktest.GiB - 1: {3}})
	var archive bytes.Buffer
	require.NoError(t, Write(context.Background(), &archive, disktest.Open(t, raw), modified))
	unzip, err := gzip.NewReader(&archive)
	require.NoError(t, err)
	unpack := tar.NewReader(unzip)
	head, err := unpack.Next()
	require.NoError(t, err)
	assert.Equal(t, "disk.raw", head.Name)
	assert.Equal(t, tar.FormatGNU, head.Format)
	assert.Equal(t, int64(disktest.GiB), head.Size)
	assert.True(t, modified.Equal(head.ModTime))
	want := io.NewSectionReader(raw, 0, disktest.GiB)
	buffer, expected := make([]byte, disktest.MiB), make([]byte, disktest.MiB)
	for range disktest.GiB / disktest.MiB {
		_, err := io.ReadFull(unpack, buffer)
		require.NoError(t, err)
		_, err = io.ReadFull(want, expected)
		require.NoError(t, err)
		require.True(t, bytes.Equal(expected, buffer))
	}
	_, err = unpack.Next()
	require.ErrorIs(t, err, io.EOF)
}

// The archive is what GNU tar makes of the same file, byte for byte, where their grains of holes agree.
func TestArchiveIsGNUTars(t *testing.T) {
	raw := disktest.Raw(t, disktest.GiB, map[int64][]byte{
		blockSize: bytes.Repeat([]byte{1}, 3*blockSize), 400 * disktest.MiB: bytes.Repeat([]byte{2}, blockSize),
	})
	var archive bytes.Buffer
	require.NoError(t, Write(context.Background(), &archive, disktest.Open(t, raw), modified))
	unzip, err := gzip.NewReader(&archive)
	require.NoError(t, err)
	ours, err := io.ReadAll(unzip)
	require.NoError(t, err)
	pack := exec.Command("tar", "--create", "--format=oldgnu", "--sparse", "--mtime=@1700000000", "--mode=0644",
		"--owner=root:0", "--group=root:0", "--directory", filepath.Dir(raw.Name()), "disk.raw")
	theirs, err := pack.Output()
	require.NoError(t, err)
	assert.Equal(t, theirs[:512], ours[:512], "the header")
	assert.True(t, bytes.Equal(theirs, ours))
}
