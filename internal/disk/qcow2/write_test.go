package qcow2

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/disktest"
	"github.com/airshipit/packer-plugin-airship/internal/inorder/inordertest"
)

// That the image has the disk's bytes is disk/format's test.

func TestCompressionTypeIsDeclared(t *testing.T) {
	disk := disktest.Raw(t, 64*disktest.MiB, map[int64][]byte{0: inordertest.Text(disktest.MiB)})
	for c, want := range map[Compression]string{Zlib: "zlib", Zstd: "zstd"} {
		dst, err := os.Create(filepath.Join(t.TempDir(), "disk.qcow2"))
		require.NoError(t, err)
		defer dst.Close()
		require.NoError(t, Write(context.Background(), dst, disktest.Open(t, disk), c))
		output, err := exec.Command("qemu-img", "info", "--output=json", dst.Name()).Output()
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
	disk := disktest.Open(t, disktest.Raw(t, disktest.MiB, nil))
	require.EqualError(t, Write(context.Background(), nil, disk, "lzma"), `qcow2 compression "lzma": want zlib, zstd or none`)
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
	raw := disktest.Raw(t, 64*disktest.MiB, map[int64][]byte{0: inordertest.Noise(3 * disktest.MiB)})
	err := Write(context.Background(), fullDisk(disktest.MiB), disktest.Open(t, raw), Zlib)
	require.ErrorIs(t, err, os.ErrClosed)
}
