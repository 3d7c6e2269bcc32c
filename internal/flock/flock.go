// Package flock takes advisory locks on files, which end with the process that holds them.
package flock

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrBusy says that another process, or another open file of this one, holds the lock.
var ErrBusy = errors.New("the file is locked")

// StillAt says that a file, opened and locked by now, is the one at path: between the two its former owner may have
// renamed or removed it.
func StillAt(file *os.File, path string) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(locked, there)
}

// Wait takes the lock as soon as it is free. waiting is called once where that is not at once.
func Wait(ctx context.Context, file *os.File, waiting func()) error {
	for told := false; ; told = true {
		err := Try(file)
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if !told {
			waiting()
		}
		// flock(2) itself cannot be given up when a context ends.
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
