//go:build darwin || freebsd || linux

package store

import "syscall"

// freeSpace is what an unprivileged user may still write in dir, in bytes.
func freeSpace(dir string) (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}
