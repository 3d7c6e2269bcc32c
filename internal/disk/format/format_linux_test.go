package format

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/disktest"
	"github.com/airshipit/packer-plugin-airship/internal/inorder/inordertest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// variants are the formats, with each compression of qcow2.
var variants = []Options{
	{Format: plan.QCOW2, Compression: "zlib"},
	{Format: plan.QCOW2, Compression: "zstd"},
	{Format: plan.QCOW2, Compression: "none"},
	{Format: plan.Raw},
	{Format: plan.RawZstd},
	{Format: plan.VHD},
	{Format: plan.VHDX},
	{Format: plan.VMDK},
	{Format: plan.GCE},
}

func (o Options) String() string { return o.Format + o.Compression }

func write(t testing.TB, disk *os.File, o Options) string {
	t.Helper()
	dst, err := os.Create(filepath.Join(t.TempDir(), "image"))
	require.NoError(t, err)
	defer dst.Close()
	o.SectorSize, o.Seed, o.Epoch = 512, "a disk's GUID", 1_700_000_000
	require.NoError(t, Write(context.Background(), dst, disk, size(t, disk), o))
	return dst.Name()
}

func size(t testing.TB, file *os.File) int64 {
	t.Helper()
	info, err := file.Stat()
	require.NoError(t, err)
	return info.Size()
}

// readBack turns an image into a raw disk with a program that is not ours.
func readBack(t *testing.T, image, format string) string {
	t.Helper()
	directory := t.TempDir()
	raw := filepath.Join(directory, "disk.raw")
	switch format {
	case plan.RawZstd:
		run(t, "zstd", "--quiet", "--decompress", "--sparse", image, "-o", raw)
	case plan.GCE:
		require.Equal(t, "disk.raw\n", run(t, "tar", "--list", "--gzip", "--file", image))
		run(t, "tar", "--extract", "--gzip", "--file", image, "--directory", directory)
	default:
		run(t, "qemu-img", "convert", "-f", driver(format), "-O", "raw", image, raw)
	}
	return raw
}

// driver is QEMU's name of a format.
func driver(format string) string {
	if format == plan.VHD {
		return "vpc"
	}
	return format
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	output, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, output)
	return string(output)
}

func digest(t *testing.T, name string) string {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, file)
	require.NoError(t, err)
	return fmt.Sprintf("%d bytes, %x", n, hash.Sum(nil))
}

// sizeFor is a size that the format takes, small where it may be.
func sizeFor(o Options) int64 {
	if o.Format == plan.GCE {
		return disktest.GiB
	}
	return 160 * disktest.MiB
}

// requireSameDisk compares raw disks, with a program that skips holes.
func requireSameDisk(t *testing.T, want *os.File, got string) {
	t.Helper()
	info, err := os.Stat(got)
	require.NoError(t, err)
	require.Equal(t, size(t, want), info.Size())
	run(t, "qemu-img", "compare", "-f", "raw", "-F", "raw", want.Name(), got)
}

func TestOthersReadTheSameDisk(t *testing.T) {
	disks := map[int64]map[string]*os.File{}
	for _, o := range variants {
		size := sizeFor(o)
		if disks[size] == nil {
			disks[size] = disktest.Disks(t, size)
		}
		for _, name := range slices.Sorted(maps.Keys(disks[size])) {
			t.Run(o.String()+"/"+name, func(t *testing.T) {
				disk := disks[size][name]
				image := write(t, disk, o)
				requireSameDisk(t, disk, readBack(t, image, o.Format))
				switch o.Format {
				case plan.QCOW2, plan.VHDX, plan.VMDK:
					assert.Contains(t, run(t, "qemu-img", "check", "-f", o.Format, image), "No errors were found on the image.")
				}
			})
		}
	}
}

// Sizes that end within a cluster, a grain's table, a block or a frame; others are refused.
func TestOddSizes(t *testing.T) {
	tests := map[string][]int64{
		plan.QCOW2:   {512, 3*disktest.MiB + 512},
		plan.Raw:     {512, 3*disktest.MiB + 512},
		plan.RawZstd: {512, 4 * disktest.MiB, 9*disktest.MiB + 512},
		plan.VHD:     {disktest.MiB, 67 * disktest.MiB},
		plan.VHDX:    {512, 3*disktest.MiB + 512},
		plan.VMDK:    {64 << 10, 33*disktest.MiB + 64<<10},
	}
	for _, o := range variants {
		for _, size := range tests[o.Format] {
			t.Run(fmt.Sprint(o, size), func(t *testing.T) {
				disk := disktest.Raw(t, size, map[int64][]byte{0: {1}, size - 300: inordertest.Noise(300)})
				requireSameDisk(t, disk, readBack(t, write(t, disk, o), o.Format))
			})
		}
	}
}

func TestSameBytesOnAnyNumberOfCores(t *testing.T) {
	for _, o := range variants {
		size := sizeFor(o)
		disk := disktest.Mixed(t, size)
		var digests []string
		for _, cores := range []int{1, 2, 5} {
			before := runtime.GOMAXPROCS(cores)
			digests = append(digests, digest(t, write(t, disk, o)))
			runtime.GOMAXPROCS(before)
		}
		// The same bytes with a hole less.
		_, err := disk.WriteAt(make([]byte, 16*disktest.MiB), 32*disktest.MiB)
		require.NoError(t, err)
		digests = append(digests, digest(t, write(t, disk, o)))
		assert.Len(t, slices.Compact(digests), 1, "%s", o)
	}
}

// A disk of nothing must cost nothing: in bytes of the host's disk.
func TestHolesTakeNoRoom(t *testing.T) {
	disk := disktest.Raw(t, 20*disktest.GiB, map[int64][]byte{0: {1}, 11 * disktest.GiB: {2}, 20*disktest.GiB - 1: {3}})
	for _, o := range variants {
		image, err := os.Open(write(t, disk, o))
		require.NoError(t, err)
		assert.Less(t, allocated(t, image), int64(5*disktest.MiB), "%s", o)
		image.Close()
	}
}

func TestSeedAndEpochTell(t *testing.T) {
	for _, o := range variants {
		disk := disktest.Raw(t, sizeFor(o), nil)
		images := map[string]bool{}
		for n, seed := range []string{"one", "two"} {
			dst, err := os.Create(filepath.Join(t.TempDir(), "image"))
			require.NoError(t, err)
			o.SectorSize, o.Seed, o.Epoch = 512, seed, 1_700_000_000+int64(n)
			require.NoError(t, Write(context.Background(), dst, disk, sizeFor(o), o))
			dst.Close()
			images[digest(t, dst.Name())] = true
		}
		want := 2
		switch o.Format {
		case plan.QCOW2, plan.Raw, plan.RawZstd:
			want = 1 // there is no place for either
		}
		assert.Len(t, images, want, "%s", o)
	}
}

// The archive must be one gzip member: some readers stop at the first one's end.
func TestGCEIsOneMember(t *testing.T) {
	image, err := os.ReadFile(write(t, disktest.Raw(t, disktest.GiB, map[int64][]byte{0: inordertest.Noise(5 * disktest.MiB)}), Options{Format: plan.GCE}))
	require.NoError(t, err)
	reader := bytes.NewReader(image)
	unzip, err := gzip.NewReader(reader)
	require.NoError(t, err)
	unzip.Multistream(false)
	_, err = io.Copy(io.Discard, unzip)
	require.NoError(t, err)
	assert.Zero(t, reader.Len(), "bytes behind the first member")
}

func TestCancel(t *testing.T) {
	disk := disktest.Raw(t, 4*disktest.GiB, map[int64][]byte{0: inordertest.Noise(48 * disktest.MiB)})
	stop := errors.New("stop")
	for _, o := range variants {
		dst, err := os.Create(filepath.Join(t.TempDir(), "image"))
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(context.Background())
		var done, total int64
		o.SectorSize = 512
		o.Progress = func(d, t int64) {
			done, total = d, t
			cancel(stop)
		}
		require.ErrorIs(t, Write(ctx, dst, disk, 4*disktest.GiB, o), stop, "%s", o)
		assert.Less(t, done, total, "%s", o)
		cancel(nil)
		dst.Close()
	}
}

func TestWriteErrorIsTold(t *testing.T) {
	disk := disktest.Raw(t, disktest.GiB, map[int64][]byte{0: inordertest.Noise(48 * disktest.MiB)})
	for _, o := range variants {
		readOnly, err := os.Open(os.DevNull)
		require.NoError(t, err)
		o.SectorSize = 512
		require.Error(t, Write(context.Background(), readOnly, disk, disktest.GiB, o), "%s", o)
		readOnly.Close()
	}
}

func TestCheck(t *testing.T) {
	const tib = 1 << 40
	tests := []struct {
		format           string
		size, sectorSize int64
		want             string
	}{
		{plan.QCOW2, 19 * disktest.GiB, 4096, ""},
		{plan.QCOW2, 0, 512, "a disk of 0 bytes: want whole sectors of 512 bytes, one at least"},
		{plan.Raw, 1000, 512, "a disk of 1000 bytes: want whole sectors of 512 bytes, one at least"},
		{plan.VHD, 2040 * disktest.GiB, 512, ""},
		{plan.VHD, 2041 * disktest.GiB, 512, "a VHD holds at most 2040 GiB, the disk has 2041.0 GiB: want vhdx, or a smaller disk"},
		{plan.VHD, 3*disktest.MiB + 512, 512, "a VHD for Azure has whole MiB, the disk has 3146240 bytes: want 4 MiB"},
		{plan.VHD, disktest.GiB, 4096, "a VHD has sectors of 512 bytes, the disk has 4096: want vhdx, or another sector size"},
		{plan.VHDX, 64 * tib, 4096, ""},
		{plan.VHDX, 65 * tib, 4096, "a VHDX holds at most 64 TiB, the disk has 65.0 TiB: want a smaller disk"},
		{plan.VMDK, 2030 * disktest.GiB, 512, ""},
		{plan.VMDK, 2 * tib, 512, "a stream-optimised VMDK holds at most 2030 GiB, the disk has 2048.0 GiB: want a smaller disk"},
		{plan.VMDK, 66048, 512, "a VMDK has whole grains of 64 KiB, the disk has 66048 bytes: want 128 KiB"},
		{plan.VMDK, disktest.GiB, 4096, "a VMDK has sectors of 512 bytes, the disk has 4096: want another sector size"},
		{plan.GCE, 19 * disktest.GiB, 512, ""},
		{plan.GCE, 1536 * disktest.MiB, 512, "a disk for Compute Engine has whole GiB, this one has 1.500 GiB: want 2 GiB"},
		{plan.GCE, disktest.GiB, 4096, "a disk of Compute Engine has sectors of 512 bytes, the disk has 4096: want another sector size"},
		{plan.ISOImage, disktest.GiB, 512, `"iso" is no format of disks`},
	}
	for _, test := range tests {
		err := Check(test.format, test.size, test.sectorSize)
		if test.want == "" {
			assert.NoError(t, err, "%s %d", test.format, test.size)
		} else {
			assert.EqualError(t, err, test.want)
		}
	}
}

// allocated is how much of the host's disk a file takes, bytes.
func allocated(t *testing.T, file *os.File) int64 {
	t.Helper()
	info, err := file.Stat()
	require.NoError(t, err)
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}
