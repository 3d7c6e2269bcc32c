//go:build darwin || freebsd || linux

package toolbox

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes flock(2)'s exclusive lock, which ends with the file or the process, or returns errBusy.
func tryLock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errBusy
	}
	return err
}
