package vhdx

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"

	"github.com/google/uuid"
)

// creator is in the file identifier, for diagnosis alone.
const creator = "packer-plugin-airship"

// Identifiers of regions ([MS-VHDX] 2.2.3.2) and of metadata (2.6.2).
var (
	batRegion      = uuid.MustParse("2DC27766-F623-4200-9D64-115E9BFD4A08")
	metadataRegion = uuid.MustParse("8B7CA206-4790-4B9A-B8FE-575F050F886E")

	fileParameters     = uuid.MustParse("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")
	virtualDiskSize    = uuid.MustParse("2FA54224-CD1B-4876-B211-5DBED83BF4B8")
	virtualDiskID      = uuid.MustParse("BECA12AB-B2E6-4523-93EF-C309E000C746")
	logicalSectorSize  = uuid.MustParse("8141BF1D-A96F-4709-BA47-F233A8FAAB5F")
	physicalSectorSize = uuid.MustParse("CDA348C7-445D-4471-9CC9-E9885251C556")
)

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// piece is a part of the file.
type piece struct {
	at   int64
	data []byte
}

// structures are all of the file but the blocks, and the log, whose zeros are a hole. The identifier is last: a file that was cut short has none.
func structures(size int64, b *bat, o Options) []piece {
	regions := regionTable(b.regionSize())
	return []piece{
		{batAt, b.encode()},
		{metadataAt, metadata(size, o)},
		{region1At, regions},
		{region2At, regions},
		{header1At, header(1, o)},
		{header2At, header(2, o)}, // the current one: its number is greater
		{identifierAt, identifier()},
	}
}

func identifier() []byte {
	data := append(make([]byte, 0, 64*kib), "vhdxfile"...)
	for _, unit := range utf16.Encode([]rune(creator)) {
		data = le.AppendUint16(data, unit)
	}
	return data[:64*kib]
}

// header is specified in [MS-VHDX] 2.2.2. A log GUID of zeros says that the log is empty.
func header(sequence uint64, o Options) []byte {
	h := make([]byte, 4*kib)
	copy(h, "head")
	le.PutUint64(h[8:], sequence)
	copy(h[16:], guid(o.FileWrite))
	copy(h[32:], guid(o.DataWrite))
	le.PutUint16(h[66:], 1) // version; the log's, before it, is 0
	le.PutUint32(h[68:], logSize)
	le.PutUint64(h[72:], logAt)
	return withChecksum(h)
}

// regionTable is specified in [MS-VHDX] 2.2.3.
func regionTable(batSize int64) []byte {
	t := make([]byte, 64*kib)
	copy(t, "regi")
	le.PutUint32(t[8:], 2)
	entry := func(e []byte, id uuid.UUID, at, size int64) {
		copy(e, guid(id))
		le.PutUint64(e[16:], uint64(at))
		le.PutUint32(e[24:], uint32(size))
		le.PutUint32(e[28:], 1) // a reader must know it
	}
	entry(t[16:], batRegion, batAt, batSize)
	entry(t[48:], metadataRegion, metadataAt, metadataSize)
	return withChecksum(t)
}

// Flags of a metadata item.
const (
	ofDisk   = 1 << 1
	required = 1 << 2
)

// metadata is the region of [MS-VHDX] 2.6: a table of 64 KiB, and the items behind it.
func metadata(size int64, o Options) []byte {
	sectorSize := le.AppendUint32(nil, uint32(o.SectorSize))
	items := []struct {
		id    uuid.UUID
		flags uint32
		value []byte
	}{
		// The parameters' second half: blocks are not all allocated, and there is no parent.
		{fileParameters, required, le.AppendUint32(le.AppendUint32(nil, blockSize), 0)},
		{virtualDiskSize, ofDisk | required, le.AppendUint64(nil, uint64(size))},
		{virtualDiskID, ofDisk | required, guid(o.DiskID)},
		{logicalSectorSize, ofDisk | required, sectorSize},
		{physicalSectorSize, ofDisk | required, sectorSize},
	}
	m := make([]byte, 128*kib) // of metadataSize; the rest is a hole
	copy(m, "metadata")
	le.PutUint16(m[10:], uint16(len(items)))
	at := 64 * kib
	for i, item := range items {
		entry := m[32*(i+1):]
		copy(entry, guid(item.id))
		le.PutUint32(entry[16:], uint32(at))
		le.PutUint32(entry[20:], uint32(len(item.value)))
		le.PutUint32(entry[24:], item.flags)
		at += copy(m[at:], item.value)
	}
	return m
}

// guid is Microsoft's encoding: the first three fields are little endian.
func guid(id uuid.UUID) []byte {
	g := le.AppendUint32(nil, binary.BigEndian.Uint32(id[0:]))
	g = le.AppendUint16(g, binary.BigEndian.Uint16(id[4:]))
	g = le.AppendUint16(g, binary.BigEndian.Uint16(id[6:]))
	return append(g, id[8:]...)
}

// withChecksum fills in a structure's CRC-32C, its bytes 4 to 7, which count as zeros.
func withChecksum(data []byte) []byte {
	le.PutUint32(data[4:], crc32.Checksum(data, castagnoli))
	return data
}
