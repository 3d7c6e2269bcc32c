//go:build darwin || freebsd || linux

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// tryLock takes flock(2)'s exclusive lock, which ends with the file or the process, or returns
// errBusy. The lock belongs to the open file, so two Fetches of one process exclude each other too.
func tryLock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errBusy
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return nil
}

// freeSpace is what an unprivileged user may still write in dir, in bytes.
func freeSpace(dir string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}
