package archive

import (
	"archive/tar"
	"time"

	"golang.org/x/sys/unix"
)

func setXattr(path, name, value string) error { return unix.Lsetxattr(path, name, []byte(value), 0) }

// setTime sets a file's times, a link's own.
func setTime(path string, at time.Time) error {
	t := unix.NsecToTimespec(at.UnixNano())
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{t, t}, unix.AT_SYMLINK_NOFOLLOW)
}

// node makes a device or a pipe.
func (u *unpacker) node(name string, header *tar.Header) error {
	kind := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}[header.Typeflag]
	return unix.Mknod(u.path(name), kind|0o600, int(unix.Mkdev(uint32(header.Devmajor), uint32(header.Devminor))))
}
