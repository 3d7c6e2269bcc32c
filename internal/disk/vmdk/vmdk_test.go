package vmdk

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/disk/disktest"
	"github.com/airshipit/packer-plugin-airship/internal/inorder/inordertest"
)

var id = uuid.MustParse("fedcba98-89ab-8def-8123-456789abcdef")

// walk reads a stream as vSphere does, from its start to its end, by markers alone: QEMU goes by the tables.
func walk(t *testing.T, image []byte, size int64) (disk []byte, markers []string) {
	t.Helper()
	little := binary.LittleEndian
	disk = make([]byte, size)
	for at := firstGrainAt * sector; at < len(image); {
		value, length, kind := little.Uint64(image[at:]), int(little.Uint32(image[at+8:])), little.Uint32(image[at+12:])
		if length > 0 {
			unzip, err := zlib.NewReader(bytes.NewReader(image[at+12 : at+12+length]))
			require.NoError(t, err)
			grain, err := io.ReadAll(unzip)
			require.NoError(t, err)
			require.Len(t, grain, grainSize)
			copy(disk[value*sector:], grain)
			markers = append(markers, "grain")
			at += (12 + length + sector - 1) / sector * sector
			continue
		}
		markers = append(markers, [...]string{"end", "table", "directory", "footer"}[kind])
		at += sector + int(value)*sector
	}
	return disk, markers
}

func TestStreamIsReadByItsMarkers(t *testing.T) {
	const size = 96 * disktest.MiB // three tables
	raw := disktest.Raw(t, size, map[int64][]byte{
		0: inordertest.Text(100_000), 70 * disktest.MiB: inordertest.Noise(100), size - 1: {9},
	})
	var image bytes.Buffer
	require.NoError(t, Write(context.Background(), &image, disktest.Open(t, raw), id))
	disk, markers := walk(t, image.Bytes(), size)
	want := make([]byte, size)
	_, err := raw.ReadAt(want, 0)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, disk))
	assert.Equal(t, []string{"grain", "grain", "table", "grain", "grain", "table", "directory", "footer", "end"}, markers)

	// The footer, two sectors before the end, is the header but for the directory's place.
	header, foot := image.Bytes()[:sector], image.Bytes()[image.Len()-2*sector:image.Len()-sector]
	assert.Equal(t, ^uint64(0), binary.LittleEndian.Uint64(header[56:]))
	directory := binary.LittleEndian.Uint64(foot[56:])
	assert.Equal(t, image.Len(), int(directory+4)*sector)
	// Grain 1120, where the second piece of data is, stands in the third table alone.
	table := binary.LittleEndian.Uint32(image.Bytes()[directory*sector+8:])
	entries := image.Bytes()[table*sector:][:tableEntries*4]
	for i := range tableEntries {
		entry := binary.LittleEndian.Uint32(entries[4*i:])
		assert.Equal(t, i == 1120-2*tableEntries || i == tableEntries-1, entry != 0, "entry %d", i)
	}
	assert.Equal(t, header[:56], foot[:56])
	assert.Equal(t, header[64:], foot[64:])
}

func TestHeader(t *testing.T) {
	want := make([]byte, sector)
	copy(want, "KDMV\x03\x00\x00\x00\x01\x00\x03\x00"+ // version, flags
		"\x00\x00\x60\x02\x00\x00\x00\x00"+ // capacity: 19 GiB in sectors
		"\x80\x00\x00\x00\x00\x00\x00\x00"+ // grain
		"\x01\x00\x00\x00\x00\x00\x00\x00"+"\x14\x00\x00\x00\x00\x00\x00\x00"+ // descriptor
		"\x00\x02\x00\x00"+ // entries of a table
		"\x00\x00\x00\x00\x00\x00\x00\x00"+"\x34\x12\x00\x00\x00\x00\x00\x00"+ // directories
		"\x80\x00\x00\x00\x00\x00\x00\x00"+ // the first grain
		"\x00\n \r\n\x01\x00")
	assert.Equal(t, want, newStream(nil, 19<<30).header(0x1234))
}

func TestDescriptor(t *testing.T) {
	assert.Equal(t, `# Disk DescriptorFile
version=1
CID=7f6e5d4c
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW 39845888 SPARSE "call-me-stream.vmdk"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "2480"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.adapterType = "lsilogic"
ddb.toolsVersion = "2147483647"
`, descriptor(19<<30, id))
	assert.Less(t, len(descriptor(maxSize, id)), descriptorSectors*sector)
}
