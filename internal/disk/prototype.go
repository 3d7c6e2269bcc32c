package disk

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// prototype is a tree as mkfs.xfs takes it.
type prototype struct {
	root protoEntry
	// inside are the entries of each directory, by its path, sorted.
	inside map[string][]protoEntry
	// spaced are the regular files whose paths have blanks, sorted.
	spaced []string
	// sticky are entries with the sticky bit.
	sticky []protoEntry
}

// protoEntry is a file of the tree.
type protoEntry struct {
	kind     byte // find's letter: f, d, l
	mode     int64
	uid, gid string
	link     string
	name     string // relative to the root; empty for the root itself
}

// protoFields is the number of fields of an entry in find's listing.
const protoFields = 6

// readPrototype reads find's listing: kind, mode, owner, group, link, path, each ended by NUL.
func readPrototype(listing string) (*prototype, error) {
	fields := strings.Split(strings.TrimSuffix(listing, "\x00"), "\x00")
	if len(fields)%protoFields != 0 {
		return nil, fmt.Errorf("a listing of %d fields", len(fields))
	}
	p := &prototype{inside: map[string][]protoEntry{}}
	var problems []error
	for i := 0; i < len(fields); i += protoFields {
		e := protoEntry{kind: fields[i][0], uid: fields[i+2], gid: fields[i+3], link: fields[i+4], name: fields[i+5]}
		var err error
		if e.mode, err = strconv.ParseInt(fields[i+1], 8, 32); err != nil {
			return nil, err
		}
		if err := e.check(); err != nil {
			problems = append(problems, err)
			continue
		}
		p.add(e)
	}
	for _, entries := range p.inside {
		slices.SortFunc(entries, func(a, b protoEntry) int { return strings.Compare(a.name, b.name) })
	}
	slices.Sort(p.spaced)
	return p, errors.Join(problems...)
}

func (p *prototype) add(e protoEntry) {
	if e.mode&0o1000 != 0 {
		p.sticky = append(p.sticky, e)
	}
	if e.name == "" {
		p.root = e
		return
	}
	if e.kind == 'f' && strings.Contains(e.name, " ") {
		p.spaced = append(p.spaced, e.name)
	}
	dir := parent(e.name)
	p.inside[dir] = append(p.inside[dir], e)
}

func parent(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

// check refuses what a prototype cannot say.
func (e protoEntry) check() error {
	switch {
	case !strings.ContainsRune("fdl", rune(e.kind)):
		return fmt.Errorf("/%s is neither a file nor a directory nor a link, and xfs is made of no others here", e.name)
	case strings.ContainsAny(e.name, "\t\n\r\v\f"):
		return fmt.Errorf("%q has a control character in its name, with which xfs cannot be made here", "/"+e.name)
	case strings.ContainsAny(e.link, " \t\n\r\v\f"):
		return fmt.Errorf("the link /%s leads to %q, and with a blank in it xfs cannot be made here", e.name, e.link)
	case e.mode&0o1000 != 0 && strings.Contains(e.name, " "):
		return fmt.Errorf("/%s has the sticky bit and a blank in its path, with which xfs cannot be made here", e.name)
	}
	return nil
}

// kindBits are those of st_mode.
func (e protoEntry) kindBits() int64 {
	return map[byte]int64{'f': 0o100000, 'd': 0o040000, 'l': 0o120000}[e.kind]
}

// text is the prototype: root is where files are read from, and in the directory spaced lie links to those with blanks
// in their paths, by their number.
func (p *prototype) text(root, spaced string) string {
	var out strings.Builder
	out.WriteString("/\n0 0\n")
	out.WriteString(p.root.attributes() + "\n")
	p.write(&out, "", root, spaced)
	out.WriteString("$\n")
	return out.String()
}

func (p *prototype) write(out *strings.Builder, dir, root, spaced string) {
	for _, e := range p.inside[dir] {
		// Slashes stand for blanks: see slashes_are_spaces.
		out.WriteString(strings.ReplaceAll(path.Base(e.name), " ", "/") + " " + e.attributes())
		switch e.kind {
		case 'f':
			source := root + "/" + e.name
			if at, found := slices.BinarySearch(p.spaced, e.name); found {
				source = spaced + "/" + strconv.Itoa(at)
			}
			out.WriteString(" " + source)
		case 'l':
			out.WriteString(" " + e.link)
		}
		out.WriteString("\n")
		if e.kind == 'd' {
			p.write(out, e.name, root, spaced)
			out.WriteString("$\n")
		}
	}
}

// attributes are kind, set-id bits, mode, owner and group.
func (e protoEntry) attributes() string {
	letters := []byte{e.kind, '-', '-'}
	if e.kind == 'f' {
		letters[0] = '-'
	}
	if e.mode&0o4000 != 0 {
		letters[1] = 'u'
	}
	if e.mode&0o2000 != 0 {
		letters[2] = 'g'
	}
	return fmt.Sprintf("%s%03o %s %s", letters, e.mode&0o777, e.uid, e.gid)
}
