package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// DiskError says that the store's directory cannot be used: it is full, not writable, or broken.
// It ends a whole Fetch, for no other file could do better.
type DiskError struct {
	// Dir is the store's directory.
	Dir string
	// Needed is how many more bytes the files that were asked for take; 0 where it is not known.
	Needed int64
	// Err is the system's error, ENOSPC for one.
	Err error
}

func (e *DiskError) Error() string {
	switch {
	case e.full() && e.Needed > 0:
		return fmt.Sprintf("no space left in %s: %s more needed", e.Dir, megabytes(e.Needed))
	case e.full():
		return "no space left in " + e.Dir
	case errors.Is(e.Err, syscall.EROFS):
		return fmt.Sprintf("cannot write in %s: the file system is read-only", e.Dir)
	case errors.Is(e.Err, fs.ErrPermission):
		return fmt.Sprintf("cannot write in %s: user id %d has no permission: %s", e.Dir, os.Getuid(), e.Err)
	}
	return fmt.Sprintf("store %s: %s", e.Dir, e.Err)
}

func (e *DiskError) Unwrap() error { return e.Err }

func (e *DiskError) full() bool {
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT)
}

func (s *Store) fault(err error) error { return &DiskError{Dir: s.dir, Err: err} }

// room is an error where the disk certainly has less space than needed.
func (s *Store) room(needed int64) error {
	if free, err := freeSpace(s.dir); err == nil && needed > free {
		return &DiskError{Dir: s.dir, Needed: needed, Err: syscall.ENOSPC}
	}
	return nil
}

// megabytes writes a size as a person reads it: 12.3 MB, of 1,000,000 bytes each.
func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
