package publish

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// clone makes a file that shares the blocks of another until one of them is written to (ioctl_ficlone(2)). Few file systems can.
func clone(from *os.File, name string) error {
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := unix.IoctlFileClone(int(to.Fd()), int(from.Fd())); err != nil {
		return errors.Join(err, to.Close(), os.Remove(name))
	}
	return to.Close()
}
