package qemu

import (
	"os"

	"github.com/airshipit/packer-plugin-airship/internal/meminfo"
)

// availableMemory of the host in bytes; 0 where it does not tell.
func availableMemory() int64 {
	text, err := os.ReadFile(meminfo.Path)
	if err != nil {
		return 0
	}
	return meminfo.Available(string(text))
}
