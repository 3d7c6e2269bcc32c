package disk

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// prototype is a tree as mkfs.xfs takes it (mkfs.xfs(8), -p), and what a prototype has no words for.
type prototype struct {
	source string // where files are read from
	root   *protoEntry
	// inside are the entries of each directory, by its path, sorted.
	inside map[string][]*protoEntry
	// spaced are the regular files whose sources have blanks, sorted.
	spaced []string
	// copied are hard links that become files of their own, left are sockets, which mkfs.xfs does not make.
	copied, left []string
}

// protoEntry is a file of the tree.
type protoEntry struct {
	kind     byte // find's letter: f, d, l, p, s
	mode     int64
	uid, gid string
	links    int    // number of names that the file has in the image
	inode    string // device and number, for files of several names
	time     int64  // of modification, nanoseconds since 1970
	link     string // where a symbolic link leads
	name     string // relative to the root; empty for the root itself
	first    *protoEntry
}

// protoListing is how find(1) prints an entry; it has protoFields fields, each ended by NUL.
const (
	protoListing = `%y\0%m\0%U\0%G\0%n\0%D:%i\0%T@\0%l\0%P\0`
	protoFields  = 9
)

// maxInlineLink is what a link with blanks may lead to, bytes: an inode of 512 bytes holds it.
const maxInlineLink = 256

// readPrototype reads find's listing of the tree at source.
func readPrototype(listing, source string) (*prototype, error) {
	fields := strings.Split(strings.TrimSuffix(listing, "\x00"), "\x00")
	if len(fields)%protoFields != 0 {
		return nil, fmt.Errorf("a listing of %d fields", len(fields))
	}
	p := &prototype{source: source, inside: map[string][]*protoEntry{}}
	named := map[string][]*protoEntry{}
	var problems []error
	for i := 0; i < len(fields); i += protoFields {
		e, err := readEntry(fields[i : i+protoFields])
		if err != nil {
			return nil, err
		}
		if err := e.check(); err != nil {
			problems = append(problems, err)
			continue
		}
		p.add(e)
		if e.kind == 'f' && e.links > 1 {
			named[e.inode] = append(named[e.inode], e)
		}
		e.links = 1
	}
	if p.root == nil {
		return nil, fmt.Errorf("a listing without %s itself", source)
	}
	for _, entries := range p.inside {
		slices.SortFunc(entries, byName)
	}
	for _, entries := range named {
		p.join(entries)
	}
	slices.Sort(p.spaced)
	slices.Sort(p.copied)
	return p, errors.Join(problems...)
}

func byName(a, b *protoEntry) int { return strings.Compare(a.name, b.name) }

func readEntry(f []string) (*protoEntry, error) {
	if f[0] == "" {
		return nil, fmt.Errorf("a listing without a kind for %q", f[8])
	}
	e := &protoEntry{kind: f[0][0], uid: f[2], gid: f[3], inode: f[5], link: f[7], name: f[8]}
	var errs [4]error
	e.mode, errs[0] = strconv.ParseInt(f[1], 8, 32)
	e.links, errs[1] = strconv.Atoi(f[4])
	seconds, fraction, _ := strings.Cut(f[6], ".")
	whole, err := strconv.ParseInt(seconds, 10, 34)
	errs[2] = err
	nanoseconds, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	errs[3] = err
	e.time = whole*1e9 + nanoseconds
	return e, errors.Join(errs[:]...)
}

func (p *prototype) add(e *protoEntry) {
	switch {
	case e.name == "":
		p.root = e
		return
	case e.kind == 's':
		p.left = append(p.left, e.name)
		return
	case e.kind == 'f' && strings.Contains(p.source+"/"+e.name, " "):
		p.spaced = append(p.spaced, e.name)
	}
	dir := parent(e.name)
	p.inside[dir] = append(p.inside[dir], e)
}

// join makes entries the names of one file. The first is made with the file system and others are added to it by
// xfs_db, whose commands end a name at a blank: a second name with one is a file of its own.
func (p *prototype) join(entries []*protoEntry) {
	slices.SortFunc(entries, byName)
	at := max(0, slices.IndexFunc(entries, func(e *protoEntry) bool { return !e.linkable() }))
	first := entries[at]
	for i, e := range entries {
		switch {
		case i == at:
		case !e.linkable():
			p.copied = append(p.copied, e.name)
		default:
			e.first = first
			first.links++
		}
	}
}

// linkable tells a name that xfs_db takes as it stands.
func (e *protoEntry) linkable() bool {
	base := path.Base(e.name)
	return !strings.ContainsAny(base, " \"'\\") && !strings.HasPrefix(base, "-")
}

func parent(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

const controls = "\t\n\r\v\f"

// check refuses what a prototype cannot say.
func (e *protoEntry) check() error {
	switch {
	case !strings.ContainsRune("fdlps", rune(e.kind)):
		return fmt.Errorf("/%s is a device, and xfs is made without them here", e.name)
	case strings.ContainsAny(e.name, controls):
		return fmt.Errorf("%q has a control character in its name, with which xfs cannot be made here", "/"+e.name)
	case e.blankLink() && len(e.link) > maxInlineLink:
		return fmt.Errorf("the link /%s leads to a path of %d bytes with a blank, with which xfs cannot be made here", e.name, len(e.link))
	}
	return nil
}

// blankLink tells a link to where a prototype would end before its end.
func (e *protoEntry) blankLink() bool { return strings.ContainsAny(e.link, " "+controls) }

// text is the prototype. In the directory spaced lie links to the files with blanks in their sources, by their number.
func (p *prototype) text(spaced string) string {
	var out strings.Builder
	out.WriteString("/\n0 0\n")
	out.WriteString(p.root.attributes() + "\n")
	p.write(&out, "", spaced)
	out.WriteString("$\n")
	return out.String()
}

func (p *prototype) write(out *strings.Builder, dir, spaced string) {
	for _, e := range p.inside[dir] {
		if e.first != nil {
			continue
		}
		// Slashes stand for blanks: see slashes_are_spaces.
		out.WriteString(strings.ReplaceAll(path.Base(e.name), " ", "/") + " " + e.attributes())
		switch e.kind {
		case 'f':
			source := p.source + "/" + e.name
			if at, found := slices.BinarySearch(p.spaced, e.name); found {
				source = spaced + "/" + strconv.Itoa(at)
			}
			out.WriteString(" " + source)
		case 'l':
			out.WriteString(" " + strings.Map(notBlank, e.link))
		}
		out.WriteString("\n")
		if e.kind == 'd' {
			p.write(out, e.name, spaced)
			out.WriteString("$\n")
		}
	}
}

// notBlank keeps room for a blank, which the list brings.
func notBlank(r rune) rune {
	if strings.ContainsRune(" "+controls, r) {
		return '_'
	}
	return r
}

// attributes are kind, set-id bits, mode, owner and group.
func (e *protoEntry) attributes() string {
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

// list is what xfs.py reads: what a prototype has no words for.
func (p *prototype) list() string {
	var out strings.Builder
	p.root.list(&out, p.subdirectories(""))
	p.writeList(&out, "")
	return out.String()
}

func (p *prototype) writeList(out *strings.Builder, dir string) {
	for _, e := range p.inside[dir] {
		e.list(out, p.subdirectories(e.name))
		if e.kind == 'd' {
			p.writeList(out, e.name)
		}
	}
}

// subdirectories is the number of directories in a directory: each is another link to it.
func (p *prototype) subdirectories(dir string) (count int) {
	for _, e := range p.inside[dir] {
		if e.kind == 'd' {
			count++
		}
	}
	return count
}

func (e *protoEntry) list(out *strings.Builder, subdirectories int) {
	links, first, link := e.links, "", ""
	if e.kind == 'd' {
		links = subdirectories + 2 // its name and its own dot
	}
	if e.first != nil {
		first = e.first.name
	}
	if e.blankLink() {
		link = e.link
	}
	fmt.Fprintf(out, "%s\x00%o\x00%d\x00%d\x00%s\x00%s\x00", e.name, e.mode, e.time, links, first, link)
}
