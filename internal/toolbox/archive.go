package toolbox

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// permissions are the mode bits that chmod(2) sets.
const permissions = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// directory is what one package says of a directory. Packages share directories, so modes, owners and times
// wait until all files are there.
type directory struct {
	name   string // relative to the tree
	header *tar.Header
}

var errRootNoDirectory = errors.New("the tree's root is not a directory in the archive")

// writer unpacks one package's data archive below root. Symbolic links in the tree are followed as far as they
// stay in it (/bin, /lib and /sbin are links that base-files ships); os.Root refuses all that lead out.
type writer struct {
	root *os.Root
	// parent is open at the directory of the last entry: archives list a directory's files in a row.
	parent     *os.Root
	parentName string
	buffer     []byte
	// directories in the archive's order.
	directories []directory
}

// writeArchive unpacks the tar stream r below root, without what leftOut names, and returns the directories
// it listed. What exists already, but for directories, is an error: no two packages own a file.
func writeArchive(ctx context.Context, root *os.Root, r io.Reader) ([]directory, error) {
	w := &writer{root: root, buffer: make([]byte, 128<<10)}
	err := eachEntry(ctx, r, w.entry)
	return w.directories, errors.Join(err, w.closeParent())
}

// eachEntry hands visit the entries of the tar stream r, without those that leftOut names, and reads r to its end.
// Names are relative to the tree. Where visit returns fs.SkipAll the rest is not read.
func eachEntry(ctx context.Context, r io.Reader,
	visit func(name string, header *tar.Header, content io.Reader) error,
) error {
	archive := tar.NewReader(r)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			// The compression's checksum stands after the archive's end.
			_, err = io.Copy(io.Discard, r)
			return err
		}
		if err != nil {
			return err
		}
		name, err := entryName(header.Name)
		if err != nil {
			return err
		}
		if leftOut(name) {
			continue
		}
		err = visit(name, header, archive)
		if errors.Is(err, fs.SkipAll) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// entryName turns an archive's name, ./usr/bin/env in packages, into a path relative to the tree.
func entryName(raw string) (string, error) {
	if strings.HasPrefix(raw, "/") || strings.ContainsAny(raw, "\x00\\") {
		return "", fmt.Errorf("entry %q: not a relative path", raw)
	}
	for part := range strings.SplitSeq(raw, "/") {
		if part == ".." {
			return "", fmt.Errorf("entry %q: leads out of the tree", raw)
		}
	}
	return path.Clean(raw), nil
}

func (w *writer) entry(name string, header *tar.Header, content io.Reader) error {
	if header.Typeflag == tar.TypeDir {
		w.directories = append(w.directories, directory{name, header})
		return w.root.MkdirAll(name, 0o755)
	}
	if name == "." {
		return errRootNoDirectory
	}
	parent, err := w.openParent(path.Dir(name))
	if err != nil {
		return err
	}
	base := path.Base(name)
	switch header.Typeflag {
	case tar.TypeReg:
		return w.regular(parent, base, header, content)
	case tar.TypeSymlink:
		return symlink(parent, base, header)
	case tar.TypeLink:
		return w.hardLink(name, header)
	}
	// Devices and FIFOs: no package of the toolbox has one, and mknod is refused in a user namespace.
	return unknownType(header)
}

func unknownType(header *tar.Header) error {
	return fmt.Errorf("file type %q is not a directory, regular file or link", header.Typeflag)
}

// openParent opens the directory name, which is made where the archive lists a file without it.
func (w *writer) openParent(name string) (*os.Root, error) {
	if w.parent != nil && w.parentName == name {
		return w.parent, nil
	}
	if err := w.closeParent(); err != nil {
		return nil, err
	}
	parent, err := w.root.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := w.root.MkdirAll(name, 0o755); err != nil {
			return nil, err
		}
		parent, err = w.root.OpenRoot(name)
	}
	if err != nil {
		return nil, err
	}
	w.parent, w.parentName = parent, name
	return parent, nil
}

func (w *writer) closeParent() error {
	if w.parent == nil {
		return nil
	}
	err := w.parent.Close()
	w.parent = nil
	return err
}

// regular writes a file. O_EXCL keeps it from following a link that bears its name.
func (w *writer) regular(parent *os.Root, base string, header *tar.Header, content io.Reader) error {
	file, err := parent.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	// Without the struct, io.CopyBuffer would use File.ReadFrom and a buffer of its own.
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, content, w.buffer)
	if err == nil {
		err = setMode(file, header)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return parent.Chtimes(base, time.Time{}, header.ModTime)
}

// setMode sets a file's or directory's owner, then its mode: chown clears set-user-ID and set-group-ID.
func setMode(file *os.File, header *tar.Header) error {
	mode := header.FileInfo().Mode() & permissions
	if !rootOwned(header) {
		err := file.Chown(header.Uid, header.Gid)
		if unmapped(err) {
			// With another owner than meant, these bits would grant what was not meant.
			mode &^= fs.ModeSetuid | fs.ModeSetgid
		} else if err != nil {
			return err
		}
	}
	return file.Chmod(mode)
}

func symlink(parent *os.Root, base string, header *tar.Header) error {
	if err := parent.Symlink(header.Linkname, base); err != nil {
		return err
	}
	if rootOwned(header) {
		return nil
	}
	if err := parent.Lchown(base, header.Uid, header.Gid); err != nil && !unmapped(err) {
		return err
	}
	return nil
}

// hardLink makes name a second name of a file that stands earlier in the archive.
func (w *writer) hardLink(name string, header *tar.Header) error {
	target, err := entryName(header.Linkname)
	if err != nil {
		return fmt.Errorf("hard link: %w", err)
	}
	info, err := w.root.Lstat(target)
	if err != nil {
		return fmt.Errorf("hard link: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("hard link to %s, which is not a regular file", target)
	}
	return w.root.Link(target, name)
}

// rootOwned files get their owner from who unpacks: root, seen from inside the user namespace.
func rootOwned(header *tar.Header) bool { return header.Uid == 0 && header.Gid == 0 }

// unmapped says that chown was refused because the user namespace does not map the owner (EINVAL), or because
// no root unpacks (EPERM).
func unmapped(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EPERM)
}
