// Package meminfo reads how much memory a Linux system has to spare.
package meminfo

import (
	"strconv"
	"strings"
)

// Path of the file that Available reads the text of.
const Path = "/proc/meminfo"

// Available is MemAvailable of proc_meminfo(5) in bytes; 0 where text does not have it.
func Available(text string) int64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err == nil && kib > 0 {
				return kib << 10
			}
		}
	}
	return 0
}
