//go:build !darwin && !freebsd && !linux

package store

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func tryLock(*os.File) error {
	return fmt.Errorf("a store that processes share needs flock(2), which %s lacks", runtime.GOOS)
}

func freeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }
