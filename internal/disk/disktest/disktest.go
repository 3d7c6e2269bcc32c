// Package disktest makes raw disks for the tests of the formats.
package disktest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
	"github.com/airshipit/packer-plugin-airship/internal/inorder/inordertest"
)

// Units, bytes.
const (
	MiB = 1 << 20
	GiB = 1 << 30
)

// Raw makes a raw disk of size bytes with parts at their offsets, and holes between them.
func Raw(t testing.TB, size int64, parts map[int64][]byte) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "disk.raw"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	require.NoError(t, file.Truncate(size))
	for at, data := range parts {
		_, err := file.WriteAt(data, at)
		require.NoError(t, err)
	}
	return file
}

// Disks are raw disks by what is special about them, of size bytes, 128 MiB or more.
func Disks(t testing.TB, size int64) map[string]*os.File {
	return map[string]*os.File{
		"empty":          Raw(t, size, nil),
		"text":           Raw(t, size, map[int64][]byte{0: inordertest.Text(3 * MiB)}),
		"incompressible": Raw(t, size, map[int64][]byte{5*MiB + 12345: inordertest.Noise(3 * MiB)}),
		"random":         Raw(t, size, map[int64][]byte{size - 64*MiB: inordertest.Noise(64 * MiB)}),
		"zeros written":  Raw(t, size, map[int64][]byte{MiB: make([]byte, 9*MiB), 4 * MiB: {1}}),
		"mixed":          Mixed(t, size),
		"scattered":      Raw(t, size, scattered(size)),
	}
}

// Mixed is a disk with something of everything, and a hole from 32 to 48 MiB.
func Mixed(t testing.TB, size int64) *os.File {
	text := inordertest.Text(3 * MiB)
	return Raw(t, size, map[int64][]byte{
		0: text, 10 * MiB: inordertest.Noise(200_000), 11 * MiB: text, size/2 - 7: inordertest.Noise(99), size - 1: {7},
	})
}

// scattered is data with a hole between each piece and the next, for formats that list these.
func scattered(size int64) map[int64][]byte {
	parts := map[int64][]byte{}
	for at := int64(MiB); at < 60*MiB; at += MiB {
		parts[at%size] = inordertest.Noise(4096)
	}
	return parts
}

// Open is sparse.Open of a whole file.
func Open(t testing.TB, raw *os.File) *sparse.Disk {
	t.Helper()
	info, err := raw.Stat()
	require.NoError(t, err)
	disk, err := sparse.Open(raw, info.Size(), nil)
	require.NoError(t, err)
	return disk
}
