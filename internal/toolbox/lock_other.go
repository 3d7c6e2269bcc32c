//go:build !darwin && !freebsd && !linux

package toolbox

import (
	"fmt"
	"os"
	"runtime"
)

func tryLock(*os.File) error {
	return fmt.Errorf("a toolbox that processes share needs flock(2), which %s lacks", runtime.GOOS)
}
