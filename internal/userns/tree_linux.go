package userns

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Chown gives a directory (not what is in it) to the mapped root. For a user that is the user
// itself: there it only checks.
func (m Mapping) Chown(path string) error {
	if m.Direct {
		return os.Lchown(path, int(m.UIDs[0].Outside), int(m.GIDs[0].Outside))
	}
	var stat unix.Stat_t
	if err := unix.Lstat(path, &stat); err != nil {
		return &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	if stat.Uid != m.UIDs[0].Outside {
		return fmt.Errorf("%s belongs to another user (%d)", path, stat.Uid)
	}
	return nil
}

// Remove removes a tree like os.RemoveAll, whichever ids of the mapping its files belong to.
func (m Mapping) Remove(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if m.Direct || !info.IsDir() {
		return os.RemoveAll(path)
	}
	if err := m.Run(ctx, Job{Entry: entryRemove, Dir: path}); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return os.Remove(path)
}

const entryRemove = "userns remove"

// remove empties the working directory.
func remove(context.Context, Call) error {
	entries, err := os.ReadDir(".")
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		failed = append(failed, os.RemoveAll(e.Name()))
	}
	return errors.Join(failed...)
}
