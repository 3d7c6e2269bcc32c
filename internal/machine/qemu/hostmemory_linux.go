package qemu

import "github.com/airshipit/packer-plugin-airship/internal/meminfo"

// availableMemory of the host in bytes; 0 where it does not tell.
func availableMemory() int64 {
	return meminfo.Host()
}
