package qcow2

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const mib = 1 << 20

// disks are raw disks by what is special about them. The tests read the result back with qemu-img.
func disks(t *testing.T) map[string]string {
	random := rand.NewChaCha8([32]byte{1})
	noise := func(n int) []byte {
		data := make([]byte, n)
		_, _ = random.Read(data)
		return data
	}
	text := bytes.Repeat([]byte("kernel modules, and text that compresses. "), 3*mib/42)
	return map[string]string{
		"empty":          raw(t, 64*mib, nil),
		"text":           raw(t, 64*mib, map[int64][]byte{0: text}),
		"incompressible": raw(t, 64*mib, map[int64][]byte{5*mib + 12345: noise(3 * mib)}),
		"mixed": raw(t, 2048*mib, map[int64][]byte{
			0: text, 10 * mib: noise(200_000), 11 * mib: text, 1024*mib - 7: noise(99), 2048*mib - 1: {7},
		}),
		"last cluster cut": raw(t, 3*mib+512, map[int64][]byte{3 * mib: bytes.Repeat([]byte{9}, 512)}),
	}
}

func raw(t *testing.T, size int64, parts map[int64][]byte) string {
	file, err := os.Create(filepath.Join(t.TempDir(), "disk.raw"))
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, file.Truncate(size))
	for at, data := range parts {
		_, err := file.WriteAt(data, at)
		require.NoError(t, err)
	}
	return file.Name()
}

func convert(t *testing.T, disk string, c Compression) string {
	src, err := os.Open(disk)
	require.NoError(t, err)
	defer src.Close()
	info, err := src.Stat()
	require.NoError(t, err)
	dst, err := os.Create(filepath.Join(t.TempDir(), "disk.qcow2"))
	require.NoError(t, err)
	defer dst.Close()
	require.NoError(t, Write(context.Background(), dst, src, info.Size(), Options{Compression: c}))
	return dst.Name()
}

func TestQEMUReadsTheSameDisk(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Fatal("qemu-img reads the images back: install qemu-utils (make test does)")
	}
	for name, disk := range disks(t) {
		for _, c := range []Compression{Zlib, Zstd, None} {
			t.Run(name+"/"+string(c), func(t *testing.T) {
				image := convert(t, disk, c)
				output, err := exec.Command("qemu-img", "compare", "-f", "raw", "-F", "qcow2", disk, image).CombinedOutput()
				require.NoError(t, err, "%s", output)
				output, err = exec.Command("qemu-img", "check", image).CombinedOutput()
				require.NoError(t, err, "%s", output)
				require.Contains(t, string(output), "No errors were found on the image.")
			})
		}
	}
}

func TestSameDiskSameBytes(t *testing.T) {
	disk := disks(t)["mixed"]
	for _, c := range []Compression{Zlib, Zstd, None} {
		first, err := os.ReadFile(convert(t, disk, c))
		require.NoError(t, err)
		second, err := os.ReadFile(convert(t, disk, c))
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second), "%s: two runs differ", c)
	}
}

func TestCompressionTypeIsDeclared(t *testing.T) {
	for c, want := range map[Compression]string{Zlib: "zlib", Zstd: "zstd"} {
		output, err := exec.Command("qemu-img", "info", "--output=json", convert(t, disks(t)["text"], c)).Output()
		require.NoError(t, err)
		var info struct {
			Specific struct {
				Data struct {
					Compression string `json:"compression-type"`
				} `json:"data"`
			} `json:"format-specific"`
		}
		require.NoError(t, json.Unmarshal(output, &info))
		require.Equal(t, want, info.Specific.Data.Compression)
	}
}

func TestUnknownCompression(t *testing.T) {
	file, err := os.Open(raw(t, mib, nil))
	require.NoError(t, err)
	defer file.Close()
	err = Write(context.Background(), nil, file, mib, Options{Compression: "lzma"})
	require.EqualError(t, err, `qcow2 compression "lzma": want zlib, zstd or none`)
}

// fullDisk is a destination that takes no more than some bytes.
type fullDisk int64

func (f fullDisk) WriteAt(data []byte, at int64) (int, error) {
	if at+int64(len(data)) > int64(f) {
		return 0, os.ErrClosed
	}
	return len(data), nil
}

func TestWriteErrorEndsEverything(t *testing.T) {
	file, err := os.Open(disks(t)["incompressible"])
	require.NoError(t, err)
	defer file.Close()
	err = Write(context.Background(), fullDisk(mib), file, 64*mib, Options{Compression: Zlib})
	require.ErrorIs(t, err, os.ErrClosed)
}
