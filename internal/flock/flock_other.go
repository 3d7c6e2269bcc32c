//go:build !darwin && !freebsd && !linux

package flock

import (
	"fmt"
	"os"
	"runtime"
)

// Try says that there are no such locks here.
func Try(*os.File) error {
	return fmt.Errorf("a cache that builds share needs flock(2), which %s lacks", runtime.GOOS)
}
