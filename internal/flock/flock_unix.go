//go:build darwin || freebsd || linux

package flock

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Try takes flock(2)'s exclusive lock on file, or returns ErrBusy.
func Try(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return nil
}
