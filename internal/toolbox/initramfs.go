package toolbox

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/cavaliergopher/cpio"
)

// modulesDirectory of the initramfs has a machine's kernel modules as NN-NAME.ko; init.sh loads them by number.
const modulesDirectory = "usr/lib/airship/modules"

// initScript is the first program that runs in a QEMU machine.
//
//go:embed init.sh
var initScript string

// writeInitramfs writes the tree of debs to w as an archive that Linux unpacks when it starts: cpio's format newc,
// as Documentation/driver-api/early-userspace/buffer-format.rst of Linux has it. The bytes depend on debs alone
// and on date, the time of those files that no package has.
func writeInitramfs(ctx context.Context, w io.Writer, debs []Deb, date time.Time) error {
	i := newInitramfs(w, date)
	for _, d := range debs {
		if err := d.read(func(data io.Reader) error { return eachEntry(ctx, data, i.packaged) }); err != nil {
			return err
		}
	}
	if err := i.finish(); err != nil {
		return err
	}
	return i.archive.Close()
}

// initramfs is the archive under construction. Linux makes no directory that the archive does not list first,
// and takes the last of several entries with one name.
type initramfs struct {
	archive *cpio.Writer
	date    time.Time
	layout  layout
	inputs  map[string][]byte // of fixups
	modules modules
	buffer  []byte
}

func newInitramfs(w io.Writer, date time.Time) *initramfs {
	return &initramfs{
		archive: cpio.NewWriter(w), date: date,
		layout: newLayout(), inputs: map[string][]byte{}, buffer: make([]byte, 128<<10),
	}
}

// inTreeOnly says that a file of the tree serves nobody in a QEMU machine.
func inTreeOnly(name string) bool {
	return name == "boot" || within("boot", name) || name == documentation || within(documentation, name)
}

// packaged takes an entry of a package, as writer.entry does for a tree.
func (i *initramfs) packaged(name string, header *tar.Header, content io.Reader) error {
	name, err := i.layout.resolve(name)
	if err != nil || inTreeOnly(name) {
		return err
	}
	if name == packagedModules || within(packagedModules, name) {
		if header.Typeflag != tar.TypeReg {
			return nil
		}
		return i.modules.take(name, content)
	}
	if header.Typeflag == tar.TypeDir {
		return i.directory(name, header)
	}
	if name == "." {
		return errRootNoDirectory
	}
	if _, ok := i.layout[name]; ok {
		return fs.ErrExist
	}
	switch header.Typeflag {
	case tar.TypeReg:
		return i.regular(name, header, content)
	case tar.TypeSymlink:
		return i.symlink(name, fromPackage(name, cpio.TypeSymlink, header), header.Linkname)
	case tar.TypeLink:
		return i.hardLink(name, header)
	}
	return unknownType(header)
}

// directory gives a directory what the first package says that lists it.
func (i *initramfs) directory(name string, header *tar.Header) error {
	found, ok := i.layout[name]
	switch {
	case ok && found.kind == fs.ModeSymlink:
		// A link of the merged /usr: what it leads to has an entry of its own.
		if ok, err := i.layout.leadsToDirectory(name); ok || err != nil {
			return err
		}
		return fs.ErrExist
	case ok && found.kind != fs.ModeDir:
		return fs.ErrExist
	case ok && !found.implied:
		return nil
	}
	return i.write(fromPackage(name, cpio.TypeDir, header), node{kind: fs.ModeDir}, nil)
}

// maxInput bounds a file that is held in memory for fixups, in bytes.
const maxInput = 1 << 20

func (i *initramfs) regular(name string, header *tar.Header, content io.Reader) error {
	if isFixupInput(name) {
		data, err := io.ReadAll(io.LimitReader(content, maxInput+1))
		if err != nil {
			return err
		}
		if len(data) > maxInput {
			return fmt.Errorf("more than %d bytes", maxInput)
		}
		i.inputs[name], content = data, bytes.NewReader(data)
	}
	to := fromPackage(name, cpio.TypeReg, header)
	to.Size = header.Size
	return i.write(to, node{}, content)
}

func (i *initramfs) symlink(name string, to cpio.Header, target string) error {
	if target == "" {
		return errors.New("a link that leads nowhere")
	}
	to.Size = int64(len(target))
	return i.write(to, node{kind: fs.ModeSymlink, target: target}, strings.NewReader(target))
}

// hardLink writes a relative symbolic link: newc wants to know a file's number of names before its second one.
func (i *initramfs) hardLink(name string, header *tar.Header) error {
	target, err := entryName(header.Linkname)
	if err == nil {
		target, err = i.layout.resolve(target)
	}
	if err != nil {
		return fmt.Errorf("hard link: %w", err)
	}
	if found, ok := i.layout[target]; !ok || found.kind != 0 {
		return fmt.Errorf("hard link to %s, which is not a regular file", target)
	}
	to := fromPackage(name, cpio.TypeSymlink, header)
	if err := i.symlink(name, to, strings.Repeat("../", strings.Count(name, "/"))+target); err != nil {
		return err
	}
	i.layout[name] = node{} // as for others that link to it
	return nil
}

// finish adds what no package has.
func (i *initramfs) finish() error {
	made, err := fixups(i.inputs)
	if err != nil {
		return err
	}
	loaded, err := i.modules.inLoadOrder(wantedModules)
	if err != nil {
		return err
	}
	for n, m := range loaded {
		name := fmt.Sprintf("%s/%02d-%s.ko", modulesDirectory, n+1, m.name)
		made = append(made, fileEntry(name, string(m.image)))
	}
	made = append(made, entry{name: "init", mode: 0o755, content: initScript})
	for _, e := range made {
		if err := i.add(e); err != nil {
			return fmt.Errorf("make the toolbox's %s: %w", e.name, err)
		}
	}
	return nil
}

// add is entry.writeTo for the archive.
func (i *initramfs) add(e entry) error {
	name, err := i.layout.resolve(e.name)
	if err != nil {
		return err
	}
	to := i.own(name, e)
	if e.mode.IsDir() {
		if _, ok := i.layout[name]; ok {
			return nil
		}
		return i.write(to, node{kind: fs.ModeDir}, nil)
	}
	if err := i.layout.replace(name); err != nil {
		return err
	}
	if e.mode&fs.ModeSymlink != 0 {
		return i.symlink(name, to, e.content)
	}
	to.Size = int64(len(e.content))
	return i.write(to, node{}, strings.NewReader(e.content))
}

// write writes one file, and before it the directories that it lies in and no package has listed so far.
func (i *initramfs) write(to cpio.Header, file node, content io.Reader) error {
	for _, dir := range i.layout.missing(to.Name) {
		implied := i.own(dir, directoryEntry(dir))
		if err := i.archive.WriteHeader(&implied); err != nil {
			return err
		}
		i.layout[dir] = node{kind: fs.ModeDir, implied: true}
	}
	if to.Size > math.MaxUint32 {
		return fmt.Errorf("%d bytes are too many for a cpio archive", to.Size)
	}
	if err := i.archive.WriteHeader(&to); err != nil {
		return err
	}
	i.layout[to.Name] = file
	if content == nil {
		return nil
	}
	_, err := io.CopyBuffer(struct{ io.Writer }{i.archive}, content, i.buffer)
	return err
}

// fromPackage has the owner, mode and time that a package gives a file.
func fromPackage(name string, kind cpio.FileMode, header *tar.Header) cpio.Header {
	return cpio.Header{
		Name: name, Mode: kind | cpio.FileMode(header.Mode&0o7777), Uid: header.Uid, Guid: header.Gid, Links: 1,
		// The format has 32 bits for a time.
		ModTime: time.Unix(min(max(header.ModTime.Unix(), 0), math.MaxUint32), 0),
	}
}

// own is the header of a file that no package has.
func (i *initramfs) own(name string, e entry) cpio.Header {
	kind := cpio.FileMode(cpio.TypeReg)
	switch e.mode.Type() {
	case fs.ModeDir:
		kind = cpio.TypeDir
	case fs.ModeSymlink:
		kind = cpio.TypeSymlink
	}
	return cpio.Header{Name: name, Mode: kind | cpio.FileMode(e.mode.Perm()), Guid: e.gid, Links: 1, ModTime: i.date}
}
