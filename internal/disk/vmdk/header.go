package vmdk

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

const (
	magic   = "KDMV"
	version = 3
	// flags: the line ends below are valid, grains are compressed, markers precede everything.
	flags   = 1<<0 | 1<<16 | 1<<17
	deflate = 1
	// directoryAtEnd is in the header's place of the directory: the footer has the right one.
	directoryAtEnd = ^uint64(0)
	// lineEnds show whether the file was transferred as text.
	lineEnds = "\n \r\n"
)

// header is the SparseExtentHeader, which is the footer too. directory is the grain directory's place, in sectors.
func (s *stream) header(directory uint64) []byte {
	h := make([]byte, sector)
	le := binary.LittleEndian
	copy(h, magic)
	le.PutUint32(h[4:], version)
	le.PutUint32(h[8:], flags)
	le.PutUint64(h[12:], uint64(s.size/sector))
	le.PutUint64(h[20:], grainSectors)
	le.PutUint64(h[28:], descriptorAt)
	le.PutUint64(h[36:], descriptorSectors)
	le.PutUint32(h[44:], tableEntries)
	le.PutUint64(h[56:], directory) // the redundant one, before it, is absent: 0
	le.PutUint64(h[64:], firstGrainAt)
	copy(h[73:], lineEnds) // behind the flag of an unclean shutdown: 0
	le.PutUint16(h[77:], deflate)
	return h
}

const (
	// descriptorSectors is the room for the descriptor.
	descriptorSectors = 20
	// heads and sectorsPerTrack are those of an LSI Logic adapter's disks of any size.
	heads, sectorsPerTrack = 255, 63
)

// descriptor is the text that says what the file is. The extent's name is a placeholder: the file itself is meant. The
// tools' version is the one of guests that look after their tools themselves, as those with open-vm-tools do.
func descriptor(size int64, id uuid.UUID) string {
	// The highest numbers say that there is no parent, or no content.
	contentID := binary.BigEndian.Uint32(id[:]) >> 1
	sectors := size / sector
	return fmt.Sprintf(`# Disk DescriptorFile
version=1
CID=%08x
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW %d SPARSE "call-me-stream.vmdk"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "%d"
ddb.geometry.heads = "%d"
ddb.geometry.sectors = "%d"
ddb.adapterType = "lsilogic"
ddb.toolsVersion = "2147483647"
`, contentID, sectors, max(1, sectors/(heads*sectorsPerTrack)), heads, sectorsPerTrack)
}
