// Package flock takes advisory locks on files, which end with the process that holds them.
package flock

import "errors"

// ErrBusy says that another process, or another open file of this one, holds the lock.
var ErrBusy = errors.New("the file is locked")
