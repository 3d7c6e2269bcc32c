//go:build !linux

package qemu

import (
	"os"
	"runtime"
	"strconv"
)

// openDevice has nothing to open: HVF and WHPX are asked through QEMU alone.
func openDevice() error { return nil }

func describeHost() host {
	name, err := os.Hostname()
	if err != nil {
		name = ""
	}
	return host{identity: name, processor: runtime.GOARCH + " " + strconv.Itoa(runtime.NumCPU())}
}
