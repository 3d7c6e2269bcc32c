package qcow2

import "encoding/binary"

// layout places clusters in the file and keeps the tables that say where they are.
type layout struct {
	size int64 // of the virtual disk, bytes
	end  int64 // of the file, a multiple of clusterSize while clusters are placed
	fill int64 // where the next compressed cluster goes, if it fits
	// l2 tables by their index in the L1 table; nil where the disk is all zeros.
	l2 [][]uint64
	// refcounts of the file's clusters.
	refcounts []uint16
}

func newLayout(size int64) *layout {
	clusters := (size + clusterSize - 1) / clusterSize
	l := &layout{size: size, l2: make([][]uint64, (clusters+l2Entries-1)/l2Entries)}
	l.grow(1) // the header
	l.fill = l.end
	return l
}

// grow adds n clusters to the file, each used once, and returns where they begin.
func (l *layout) grow(n int64) int64 {
	at := l.end
	for range n {
		l.refcounts = append(l.refcounts, 1)
	}
	l.end += n * clusterSize
	return at
}

// Bits of an L2 entry.
const (
	copied     = uint64(1) << 63 // refcount is exactly one
	compressed = uint64(1) << 62
	// sectorShift is where a compressed entry's count of further sectors begins: 62 - (cluster bits - 8).
	sectorShift = 62 - (clusterBits - 8)
)

// place finds room for guest cluster index and returns where its n bytes go.
// A cluster of clusterSize bytes is stored as it is, at a cluster boundary.
func (l *layout) place(index int64, n int) int64 {
	if n >= clusterSize {
		at := l.grow(1)
		l.set(index, uint64(at)|copied)
		return at
	}
	at := l.fill
	room := -at & (clusterSize - 1) // left in the cluster being filled
	if int64(n) > room {
		if at+room == l.end {
			// The next cluster follows directly, so the data may run on into it.
			l.refcounts = append(l.refcounts, 0)
		} else {
			at = l.end
			l.refcounts = append(l.refcounts, 0)
		}
		l.end += clusterSize
	}
	l.fill = at + int64(n)
	// QEMU counts a use of every file cluster that the data's sectors touch.
	for c := at / clusterSize; c <= (at+int64(n)-1)/clusterSize; c++ {
		l.refcounts[c]++
	}
	further := (at+int64(n)-1)/512 - at/512
	l.set(index, compressed|uint64(further)<<sectorShift|uint64(at))
	return at
}

func (l *layout) set(index int64, entry uint64) {
	table := index / l2Entries
	if l.l2[table] == nil {
		l.l2[table] = make([]uint64, l2Entries)
	}
	l.l2[table][index%l2Entries] = entry
}

// piece is a part of the file's metadata.
type piece struct {
	at   int64
	data []byte
}

// finish places the tables behind the data and returns them with the header, in file order but
// for the header, which comes last: a file that was cut short has none.
func (l *layout) finish(compression Compression) []piece {
	var pieces []piece
	l1 := make([]uint64, len(l.l2))
	for i, table := range l.l2 {
		if table == nil {
			continue
		}
		at := l.grow(1)
		l1[i] = uint64(at) | copied
		pieces = append(pieces, piece{at, bigEndian(table)})
	}
	l1At := l.grow(clustersFor(len(l1) * 8))
	pieces = append(pieces, piece{l1At, bigEndian(l1)})

	blocks, tableClusters := l.refcountSize()
	blocksAt := l.grow(blocks)
	tableAt := l.grow(tableClusters)
	table := make([]uint64, blocks)
	for i := range table {
		table[i] = uint64(blocksAt + int64(i)*clusterSize)
	}
	counts := make([]byte, blocks*clusterSize)
	for i, n := range l.refcounts {
		binary.BigEndian.PutUint16(counts[2*i:], n)
	}
	pieces = append(pieces, piece{blocksAt, counts}, piece{tableAt, bigEndian(table)})
	return append(pieces, piece{0, l.header(compression, l1At, tableAt, tableClusters)})
}

// refcountSize is how many clusters hold the refcount blocks and their table, which count
// themselves too.
func (l *layout) refcountSize() (blocks, table int64) {
	for {
		total := int64(len(l.refcounts)) + blocks + table
		needBlocks := (total + refcountEntries - 1) / refcountEntries
		needTable := clustersFor(int(needBlocks) * 8)
		if needBlocks == blocks && needTable == table {
			return blocks, table
		}
		blocks, table = needBlocks, needTable
	}
}

const (
	magic           = 0x514649fb // "QFI\xfb"
	headerLength    = 112
	typeFeature     = 1 << 3 // incompatible feature: the compression type field counts
	zstdCompression = 1
)

func (l *layout) header(compression Compression, l1At, refcountsAt, refcountClusters int64) []byte {
	h := make([]byte, clusterSize)
	be := binary.BigEndian
	be.PutUint32(h[0:], magic)
	be.PutUint32(h[4:], 3) // version
	be.PutUint32(h[20:], clusterBits)
	be.PutUint64(h[24:], uint64(l.size))
	be.PutUint32(h[36:], uint32(len(l.l2)))
	be.PutUint64(h[40:], uint64(l1At))
	be.PutUint64(h[48:], uint64(refcountsAt))
	be.PutUint32(h[56:], uint32(refcountClusters))
	be.PutUint32(h[96:], 4) // refcounts of 2^4 bits
	be.PutUint32(h[100:], headerLength)
	if compression == Zstd {
		be.PutUint64(h[72:], typeFeature)
		h[104] = zstdCompression
	}
	return h
}

func clustersFor(bytes int) int64 { return (int64(bytes) + clusterSize - 1) / clusterSize }

// bigEndian renders a table, filled up to whole clusters.
func bigEndian(table []uint64) []byte {
	data := make([]byte, clustersFor(len(table)*8)*clusterSize)
	for i, entry := range table {
		binary.BigEndian.PutUint64(data[8*i:], entry)
	}
	return data
}
