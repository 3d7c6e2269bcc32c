package toolbox

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// layout is what a file tree that exists only as an archive under construction holds: by names relative to its
// root, none of which leads through a link. It answers what a file system would.
type layout map[string]node

// node is one name's file. The zero value is a regular one.
type node struct {
	kind   fs.FileMode // fs.ModeDir, fs.ModeSymlink or 0
	target string      // of a link
	// implied directories are there for what lies in them; no package has said yet what mode they have.
	implied bool
}

// maxLinks on the way to one file, as in Linux.
const maxLinks = 40

// newLayout holds the root directory alone.
func newLayout() layout { return layout{".": {kind: fs.ModeDir, implied: true}} }

// resolve follows the links of the directories that lead to name, not one that name itself is. Nothing needs to
// be there.
func (l layout) resolve(name string) (string, error) {
	if name == "." {
		return name, nil
	}
	left := maxLinks
	dir, err := l.walk(".", path.Dir(name), &left)
	return path.Join(dir, path.Base(name)), err
}

// leadsToDirectory says that name is a directory, or a link to one.
func (l layout) leadsToDirectory(name string) (bool, error) {
	left := maxLinks
	end, err := l.walk(".", name, &left)
	return l[end].kind == fs.ModeDir, err
}

// walk is the directory where the relative path way leads from dir, over so many links at most as are left.
func (l layout) walk(dir, way string, left *int) (string, error) {
	for part := range strings.SplitSeq(way, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			if dir == "." {
				return "", errors.New("a link leads out of the tree")
			}
			dir = path.Dir(dir)
			continue
		}
		next := path.Join(dir, part)
		found, ok := l[next]
		switch {
		case !ok || found.kind == fs.ModeDir:
			dir = next
		case found.kind != fs.ModeSymlink:
			return "", fmt.Errorf("%s is not a directory", next)
		case *left == 0:
			return "", errors.New("too many links")
		case path.IsAbs(found.target):
			return "", fmt.Errorf("the link %s leads out of the tree", next)
		default:
			*left--
			var err error
			if dir, err = l.walk(dir, found.target, left); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
}

// missing are the directories that must be made for name to lie in one, the outermost first.
func (l layout) missing(name string) []string {
	dir := path.Dir(name)
	if _, ok := l[dir]; ok {
		return nil
	}
	return append(l.missing(dir), dir)
}

// replace takes out what lies at name; a directory that something lies in stays, and is an error.
func (l layout) replace(name string) error {
	if l[name].kind == fs.ModeDir {
		for other := range l {
			if within(name, other) {
				return errors.New("a directory with files is there")
			}
		}
	}
	delete(l, name)
	return nil
}
