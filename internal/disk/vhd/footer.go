package vhd

import (
	"encoding/binary"
	"time"
)

const (
	sector     = 512
	footerSize = 512
)

// Fields of the footer: offsets in bytes; all numbers are big endian.
const (
	cookieAt         = 0
	featuresAt       = 8
	versionAt        = 12
	dataOffsetAt     = 16
	timeStampAt      = 24
	creatorAt        = 28
	creatorVersionAt = 32
	creatorHostAt    = 36
	originalSizeAt   = 40
	currentSizeAt    = 48
	geometryAt       = 56
	diskTypeAt       = 60
	checksumAt       = 64
	uniqueIDAt       = 68
)

const (
	cookie        = "conectix"
	reserved      = 0x2        // the feature bit that must always be set
	formatVersion = 0x00010000 // 1.0
	noDataOffset  = ^uint64(0) // of a fixed disk
	// Readers that know both ways of telling the size go by the creator: Virtual PC's disks are
	// cylinders × heads × sectors long, which is seldom the size meant; Hyper-V's as long as the size says.
	creator        = "win "
	creatorVersion = 0x000a0000 // Windows 10 and its server siblings
	creatorHost    = "Wi2k"
	fixed          = 2
)

// epoch is where time stamps begin.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func footer(size int64, o Options) []byte {
	f := make([]byte, footerSize)
	be := binary.BigEndian
	copy(f[cookieAt:], cookie)
	be.PutUint32(f[featuresAt:], reserved)
	be.PutUint32(f[versionAt:], formatVersion)
	be.PutUint64(f[dataOffsetAt:], noDataOffset)
	be.PutUint32(f[timeStampAt:], timeStamp(o.Created))
	copy(f[creatorAt:], creator)
	be.PutUint32(f[creatorVersionAt:], creatorVersion)
	copy(f[creatorHostAt:], creatorHost)
	be.PutUint64(f[originalSizeAt:], uint64(size))
	be.PutUint64(f[currentSizeAt:], uint64(size))
	cylinders, heads, sectors := geometry(size / sector)
	be.PutUint16(f[geometryAt:], cylinders)
	f[geometryAt+2], f[geometryAt+3] = heads, sectors
	be.PutUint32(f[diskTypeAt:], fixed)
	copy(f[uniqueIDAt:], o.ID[:])
	be.PutUint32(f[checksumAt:], checksum(f))
	return f
}

// checksum is the one's complement of the sum of all bytes but its own.
func checksum(footer []byte) uint32 {
	var sum uint32
	for i, b := range footer {
		if i < checksumAt || i >= checksumAt+4 {
			sum += uint32(b)
		}
	}
	return ^sum
}

// timeStamp is in seconds since epoch; times outside of its range become the nearest in it.
func timeStamp(t time.Time) uint32 {
	return uint32(min(max(t.Unix()-epoch.Unix(), 0), 1<<32-1))
}

// geometry is that of the specification's appendix, "CHS Calculation". It covers at most the disk.
func geometry(total int64) (cylinders uint16, heads, sectors uint8) {
	total = min(total, 65535*16*255)
	var perTrack, headCount, tracks int64 // tracks: cylinders × heads
	if total >= 65535*16*63 {
		perTrack, headCount = 255, 16
		tracks = total / perTrack
	} else {
		perTrack = 17
		tracks = total / perTrack
		headCount = max(4, (tracks+1023)/1024)
		if tracks >= headCount*1024 || headCount > 16 {
			perTrack, headCount = 31, 16
			tracks = total / perTrack
		}
		if tracks >= headCount*1024 {
			perTrack, headCount = 63, 16
			tracks = total / perTrack
		}
	}
	return uint16(tracks / headCount), uint8(headCount), uint8(perTrack)
}
