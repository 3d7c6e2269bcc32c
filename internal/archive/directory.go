package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// paxXattr begins the PAX records of extended attributes, as GNU tar writes them.
const paxXattr = "SCHILY.xattr."

// WriteDirectory unpacks a root filesystem, a tar archive, into an empty directory. Owners, devices, extended
// attributes and set-id bits are kept where this process is root; where it is not, all belongs to its user, and
// those are left out.
func WriteDirectory(ctx context.Context, directory string, archive io.Reader) error {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer root.Close()
	u := unpacker{root: root, privileged: os.Geteuid() == 0}
	members := tar.NewReader(until.Reader(ctx, archive))
	for {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := u.member(header, members); err != nil {
			return fmt.Errorf("unpack %s: %w", header.Name, err)
		}
	}
	return u.settle()
}

// unpacker writes members of an archive below root.
type unpacker struct {
	root       *os.Root
	privileged bool
	// directories get their modes and times last: what is put into them needs the one and changes the other.
	directories []*tar.Header
}

// member writes one member. Its directory was written before.
func (u *unpacker) member(header *tar.Header, data io.Reader) error {
	name := path.Clean("/" + header.Name)[1:]
	if name == "" {
		name = "."
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if name != "." {
			if err := u.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
		kept := *header
		kept.Name = name
		u.directories = append(u.directories, &kept)
		return nil
	case tar.TypeReg:
		file, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, data)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := u.root.Symlink(header.Linkname, name); err != nil {
			return err
		}
	case tar.TypeLink:
		return u.root.Link(path.Clean("/" + header.Linkname)[1:], name)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		if !u.privileged {
			return nil
		}
		if err := u.node(name, header); err != nil {
			return err
		}
	default:
		return fmt.Errorf("a member of the type %q", header.Typeflag)
	}
	return u.attributes(name, header)
}

// settle finishes the directories, the innermost first.
func (u *unpacker) settle() error {
	for i := len(u.directories) - 1; i >= 0; i-- {
		header := u.directories[i]
		if err := u.attributes(header.Name, header); err != nil {
			return fmt.Errorf("unpack %s: %w", header.Name, err)
		}
	}
	return nil
}

// attributes gives a file what its header says besides its contents.
func (u *unpacker) attributes(name string, header *tar.Header) error {
	if u.privileged {
		if err := u.root.Lchown(name, header.Uid, header.Gid); err != nil {
			return err
		}
	}
	if header.Typeflag != tar.TypeSymlink {
		mode := header.FileInfo().Mode()
		bits := mode.Perm()
		if u.privileged {
			bits = mode & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
		}
		if err := u.root.Chmod(name, bits); err != nil {
			return err
		}
	}
	if u.privileged {
		for key, value := range header.PAXRecords {
			if attribute, found := strings.CutPrefix(key, paxXattr); found {
				if err := setXattr(u.path(name), attribute, value); err != nil {
					return fmt.Errorf("%s: %w", attribute, err)
				}
			}
		}
	}
	return setTime(u.path(name), header.ModTime.Truncate(time.Second))
}

func (u *unpacker) path(name string) string {
	return filepath.Join(u.root.Name(), filepath.FromSlash(name))
}
