//go:build !linux

package archive

import (
	"archive/tar"
	"errors"
	"os"
	"time"
)

func setXattr(string, string, string) error {
	return errors.New("extended attributes are kept on Linux alone")
}

func setTime(path string, at time.Time) error {
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink != 0 {
		return err
	}
	return os.Chtimes(path, at, at)
}

func (u *unpacker) node(string, *tar.Header) error {
	return errors.New("device nodes are made on Linux alone")
}
