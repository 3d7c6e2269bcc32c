package qemu

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// openDevice tells whether this process may use KVM, in the words of what to do about it.
func openDevice() error {
	file, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	switch {
	case err == nil:
		return file.Close()
	case errors.Is(err, fs.ErrNotExist):
		return &unfitError{"the host has no /dev/kvm"}
	case errors.Is(err, fs.ErrPermission):
		return &unfitError{"/dev/kvm may not be opened (the group kvm usually may)"}
	}
	return &unfitError{err.Error()}
}

func describeHost() host {
	return host{
		identity:  readLine("/etc/machine-id"),
		processor: processor(),
		kernel:    readLine("/proc/sys/kernel/osrelease"),
	}
}

// readLine is the trimmed content of a small file, empty where there is none.
func readLine(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// processor is a digest of the lines of /proc/cpuinfo's first processor that say what it is and can
// do; its clock and the like change from one moment to the next.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	return processorDigest(string(data))
}

func processorDigest(cpuinfo string) string {
	first, _, _ := strings.Cut(cpuinfo, "\n\n")
	sum := sha256.New()
	for line := range strings.Lines(first) {
		name, _, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags", // x86
			"Features", "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision": // arm64
			sum.Write([]byte(line))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
