package userns

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// executable opens this binary for execution by a process that may not be able to reach it by
// path. others: by one that is neither its owner nor of its group; where the binary's mode
// forbids that (a umask of 077), a copy in memory is used.
func executable(others bool) (*os.File, error) {
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	info, err := exe.Stat()
	if err != nil {
		exe.Close()
		return nil, err
	}
	const readAndExecute = 0o005
	if !others || info.Mode().Perm()&readAndExecute == readAndExecute {
		return exe, nil
	}
	defer exe.Close()
	fd, err := unix.MemfdCreate(argv0, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("copy this binary to memory: %w", err)
	}
	clone := os.NewFile(uintptr(fd), argv0)
	defer clone.Close()
	if _, err := io.Copy(clone, exe); err != nil {
		return nil, fmt.Errorf("copy this binary to memory: %w", err)
	}
	if err := clone.Chmod(0o755); err != nil {
		return nil, fmt.Errorf("copy this binary to memory: %w", err)
	}
	// A file open for writing cannot be executed (ETXTBSY).
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
}
