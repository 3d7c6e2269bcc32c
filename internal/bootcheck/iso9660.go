package bootcheck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

// An ISO 9660 file system of a few small files, as ECMA-119 has it, with real file names by Rock
// Ridge (IEEE P1282 on SUSP, P1281): what a cloud-init seed needs and no more. Every directory fits
// into one sector, all times are 1970, everything belongs to root.
const (
	sector = 2048 // bytes

	descriptorSector = 16 // of the primary volume descriptor; the terminator follows
	pathTableSector  = 18 // little endian; the big endian one follows
	firstDirSector   = 20

	directoryFlag = 2
)

// isoNode is a directory or a file of the tree.
type isoNode struct {
	name     string
	dir      bool
	data     []byte // of a file
	children []*isoNode
	parent   *isoNode
	extent   uint32 // first sector
	number   uint16 // of a directory in the path table, from 1
}

// writeISO gives the image of a file system with that volume label and those files: slash-separated
// path → content.
func writeISO(label string, files map[string][]byte) ([]byte, error) {
	if len(label) > 32 {
		return nil, fmt.Errorf("volume label %q is longer than 32 bytes", label)
	}
	root, err := isoTree(files)
	if err != nil {
		return nil, err
	}
	dirs, leaves := isoOrder(root)
	next := uint32(firstDirSector)
	for i, dir := range dirs {
		dir.extent, dir.number = next, uint16(i+1)
		next++
	}
	for _, leaf := range leaves {
		leaf.extent = next
		next += uint32((len(leaf.data) + sector - 1) / sector)
	}

	image := make([]byte, int(next)*sector)
	at := func(extent uint32) []byte { return image[int(extent)*sector:] }
	little, big := pathTable(dirs, binary.LittleEndian), pathTable(dirs, binary.BigEndian)
	if len(little) > sector {
		return nil, fmt.Errorf("too many directories for a seed: %d", len(dirs))
	}
	copy(at(descriptorSector), volumeDescriptor(label, root, next, len(little)))
	copy(at(descriptorSector+1), []byte("\xffCD001\x01"))
	copy(at(pathTableSector), little)
	copy(at(pathTableSector+1), big)
	for _, dir := range dirs {
		records := dir.records()
		if len(records) > sector {
			return nil, fmt.Errorf("too many files in %q for a seed: %d", dir.name, len(dir.children))
		}
		copy(at(dir.extent), records)
	}
	for _, leaf := range leaves {
		copy(at(leaf.extent), leaf.data)
	}
	return image, nil
}

func isoTree(files map[string][]byte) (*isoNode, error) {
	root := &isoNode{dir: true}
	root.parent = root
	for name, data := range files {
		if name == "" || path.Clean("/"+name) != "/"+name {
			return nil, fmt.Errorf("%q is not a relative path", name)
		}
		dir := root
		parts := strings.Split(name, "/")
		for _, part := range parts[:len(parts)-1] {
			dir = dir.directory(part)
		}
		dir.children = append(dir.children, &isoNode{name: parts[len(parts)-1], data: data, parent: dir})
	}
	return root, nil
}

func (n *isoNode) directory(name string) *isoNode {
	for _, child := range n.children {
		if child.dir && child.name == name {
			return child
		}
	}
	child := &isoNode{name: name, dir: true, parent: n}
	n.children = append(n.children, child)
	return child
}

// isoOrder lists directories in the path table's order, parents first, and then the files.
func isoOrder(root *isoNode) (dirs, leaves []*isoNode) {
	dirs = []*isoNode{root}
	for i := 0; i < len(dirs); i++ {
		slices.SortFunc(dirs[i].children, func(a, b *isoNode) int { return strings.Compare(a.name, b.name) })
		for _, child := range dirs[i].children {
			if child.dir {
				dirs = append(dirs, child)
			} else {
				leaves = append(leaves, child)
			}
		}
	}
	return dirs, leaves
}

// volumeDescriptor is ECMA-119's 8.4.
func volumeDescriptor(label string, root *isoNode, sectors uint32, pathTableSize int) []byte {
	d := bytes.Repeat([]byte{0}, sector)
	copy(d, "\x01CD001\x01")
	fill := func(from, to int, text string) {
		copy(d[from:to], bytes.Repeat([]byte{' '}, to-from))
		copy(d[from:to], text)
	}
	fill(8, 40, "LINUX")
	fill(40, 72, label)
	copy(d[80:], both32(sectors))
	copy(d[120:], both16(1)) // volumes in the set
	copy(d[124:], both16(1)) // this volume's number
	copy(d[128:], both16(sector))
	copy(d[132:], both32(uint32(pathTableSize)))
	binary.LittleEndian.PutUint32(d[140:], pathTableSector)
	binary.BigEndian.PutUint32(d[148:], pathTableSector+1)
	copy(d[156:190], root.record("\x00", nil))
	fill(190, 813, "") // set, publisher, preparer, application, three file names
	for at := 813; at < 881; at += 17 {
		copy(d[at:], "0000000000000000") // four dates, not given
	}
	d[881] = 1 // file structure version
	return d
}

// pathTable is ECMA-119's 9.4.
func pathTable(dirs []*isoNode, order binary.AppendByteOrder) []byte {
	var t []byte
	for _, dir := range dirs {
		id := dir.identifier()
		t = append(t, byte(len(id)), 0)
		t = order.AppendUint32(t, dir.extent)
		t = order.AppendUint16(t, dir.parent.number)
		t = append(t, id...)
		if len(id)%2 == 1 {
			t = append(t, 0)
		}
	}
	return t
}

// identifier is the name that plain ISO 9660 sees. Its characters are few, so it is a number; nobody
// reads it where Rock Ridge is known.
func (n *isoNode) identifier() string {
	switch {
	case n.parent == n:
		return "\x00"
	case n.dir:
		return fmt.Sprintf("D%03d", slices.Index(n.parent.children, n))
	}
	return fmt.Sprintf("F%03d.;1", slices.Index(n.parent.children, n))
}

// records is a directory's content: itself, its parent, its children.
func (n *isoNode) records() []byte {
	self := n.attributes()
	if n.parent == n {
		// SUSP begins in the root's first record (SP), which also names what is used of it (ER).
		const used = "RRIP_1991A"
		susp := []byte{'S', 'P', 7, 1, 0xbe, 0xef, 0}
		extension := append([]byte{'E', 'R', byte(8 + len(used)), 1, byte(len(used)), 0, 0, 1}, used...)
		self = slices.Concat(susp, self, extension)
	}
	all := slices.Concat(n.record("\x00", self), n.parent.record("\x01", n.parent.attributes()))
	for _, child := range n.children {
		name := append([]byte{'N', 'M', byte(5 + len(child.name)), 1, 0}, child.name...)
		all = append(all, child.record(child.identifier(), append(child.attributes(), name...))...)
	}
	return all
}

// attributes is Rock Ridge's PX: mode, links, owner, group.
func (n *isoNode) attributes() []byte {
	mode, links := uint32(0o100444), uint32(1)
	if n.dir {
		mode, links = 0o040555, 2
	}
	return slices.Concat([]byte{'P', 'X', 36, 1}, both32(mode), both32(links), both32(0), both32(0))
}

// record is ECMA-119's 9.1, the system use area at its end.
func (n *isoNode) record(identifier string, systemUse []byte) []byte {
	size, flags := uint32(len(n.data)), byte(0)
	if n.dir {
		size, flags = sector, directoryFlag
	}
	r := slices.Concat([]byte{0, 0}, both32(n.extent), both32(size),
		[]byte{70, 1, 1, 0, 0, 0, 0}, // years since 1900, month, day, hour, minute, second, zone
		[]byte{flags, 0, 0}, both16(1),
		[]byte{byte(len(identifier))}, []byte(identifier))
	if len(r)%2 == 1 {
		r = append(r, 0)
	}
	r = append(r, systemUse...)
	if len(r)%2 == 1 {
		r = append(r, 0)
	}
	r[0] = byte(len(r))
	return r
}

func both32(v uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, v), v)
}

func both16(v uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, v), v)
}
