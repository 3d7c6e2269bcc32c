package vhdx

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/disktest"
)

var options = Options{
	DiskID:     uuid.MustParse("11111111-2222-8333-8444-555555555555"),
	FileWrite:  uuid.MustParse("21111111-2222-8333-8444-555555555555"),
	DataWrite:  uuid.MustParse("31111111-2222-8333-8444-555555555555"),
	SectorSize: 4096,
}

func write(t *testing.T, size int64, parts map[int64][]byte) []byte {
	t.Helper()
	dst, err := os.Create(filepath.Join(t.TempDir(), "disk.vhdx"))
	require.NoError(t, err)
	defer dst.Close()
	require.NoError(t, Write(context.Background(), dst, disktest.Open(t, disktest.Raw(t, size, parts)), options))
	data, err := os.ReadFile(dst.Name())
	require.NoError(t, err)
	return data
}

// QEMU reads no VHDX with sectors of 4096 bytes, so the fields are read here, by the specification's offsets.
func TestStructures(t *testing.T) {
	image := write(t, 5*disktest.MiB, map[int64][]byte{disktest.MiB: {1}, 5*disktest.MiB - 1: {2}})
	little := binary.LittleEndian
	checked := func(at, size int) []byte {
		data := image[at : at+size]
		zeroed := append([]byte(nil), data...)
		clear(zeroed[4:8])
		assert.Equal(t, crc32.Checksum(zeroed, crc32.MakeTable(crc32.Castagnoli)), little.Uint32(data[4:]))
		return data
	}

	assert.Equal(t, "vhdxfilep\x00a\x00c\x00k\x00", string(image[:16]))
	for i, at := range []int{64 << 10, 128 << 10} {
		header := checked(at, 4096)
		assert.Equal(t, "head", string(header[:4]))
		assert.Equal(t, uint64(i+1), little.Uint64(header[8:]), "sequence number")
		assert.Equal(t, "\x11\x11\x11\x21\x22\x22\x33\x83\x84\x44\x55\x55\x55\x55\x55\x55", string(header[16:32]), "file write GUID")
		assert.Equal(t, make([]byte, 16), header[48:64], "log GUID: nothing to replay")
		assert.Equal(t, uint16(0), little.Uint16(header[64:]), "log version")
		assert.Equal(t, uint16(1), little.Uint16(header[66:]), "version")
		assert.Equal(t, uint32(1<<20), little.Uint32(header[68:]), "log length")
		assert.Equal(t, uint64(1<<20), little.Uint64(header[72:]), "log offset")
	}
	for _, at := range []int{192 << 10, 256 << 10} {
		table := checked(at, 64<<10)
		assert.Equal(t, "regi", string(table[:4]))
		assert.Equal(t, uint32(2), little.Uint32(table[8:]))
		assert.Equal(t, "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08", string(table[16:32]), "BAT")
		assert.Equal(t, uint64(3<<20), little.Uint64(table[32:]))
		assert.Equal(t, "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e", string(table[48:64]), "metadata")
		assert.Equal(t, uint64(2<<20), little.Uint64(table[64:]))
	}

	metadata := image[2<<20 : 3<<20]
	assert.Equal(t, "metadata", string(metadata[:8]))
	assert.Equal(t, uint16(5), little.Uint16(metadata[10:]))
	item := func(n int) []byte {
		entry := metadata[32*(n+1):]
		at := little.Uint32(entry[16:])
		return metadata[at : at+little.Uint32(entry[20:])]
	}
	assert.Equal(t, []byte{0, 0, 16, 0, 0, 0, 0, 0}, item(0), "block size 1 MiB, dynamic, no parent")
	assert.Equal(t, uint64(5<<20), little.Uint64(item(1)), "virtual size")
	assert.Equal(t, "\x11\x11\x11\x11\x22\x22\x33\x83\x84\x44\x55\x55\x55\x55\x55\x55", string(item(2)))
	assert.Equal(t, uint32(4096), little.Uint32(item(3)), "logical sector")
	assert.Equal(t, uint32(4096), little.Uint32(item(4)), "physical sector")

	var entries []uint64
	for i := range 6 {
		entries = append(entries, little.Uint64(image[3<<20+8*i:]))
	}
	assert.Equal(t, []uint64{2, 4<<20 | 6, 2, 2, 5<<20 | 6, 0}, entries)
	assert.Len(t, image, 6<<20)
	assert.Equal(t, byte(2), image[6<<20-1])
}

// With sectors of 512 bytes a chunk is 4096 blocks of 1 MiB, with 4096 bytes 32768.
func TestBitmapEntriesBetweenChunks(t *testing.T) {
	tests := []struct {
		size, sectorSize int64
		entries          int
		block, index     int64
	}{
		{1 << 20, 512, 1, 0, 0},
		{4 << 30, 512, 4096, 4095, 4095},
		{4<<30 + 512, 512, 4098, 4096, 4097},
		{19 << 30, 512, 19*1024 + 4, 3 * 4096, 3*4096 + 3},
		{32 << 30, 4096, 32768, 32767, 32767},
		{33 << 30, 4096, 33*1024 + 1, 32768, 32769},
	}
	for _, test := range tests {
		b := newBAT(test.size, test.sectorSize)
		assert.Len(t, b.entries, test.entries)
		assert.Equal(t, test.index, b.index(test.block))
		b.present(test.block, 7<<20)
		assert.Equal(t, uint64(7<<20|6), b.entries[test.index])
	}
}
