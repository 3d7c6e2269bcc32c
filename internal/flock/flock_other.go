//go:build !darwin && !freebsd && !linux

package flock

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Try says that there are no such locks here: the error is errors.ErrUnsupported.
func Try(*os.File) error {
	return fmt.Errorf("a cache that builds share needs flock(2), which %s lacks: %w", runtime.GOOS, errors.ErrUnsupported)
}
