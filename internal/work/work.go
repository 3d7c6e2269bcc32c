// Package work gives each build a private directory in the cache, and removes the directories of
// builds that are gone, however they ended.
package work

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
)

// lockSuffix names the file beside a directory that its build holds locked.
const lockSuffix = ".lock"

// Dir is one build's directory. Nobody but this user may enter it.
type Dir struct {
	Path   string
	lock   *os.File
	remove Remove
}

// Remove removes a tree, also one with files of a user namespace's other ids.
type Remove func(ctx context.Context, path string) error

// New removes what earlier builds left in cache/work and makes a directory there. What cannot be
// removed, as it is another user's, is told to warn.
func New(ctx context.Context, cache string, remove Remove, warn func(format string, args ...any)) (*Dir, error) {
	parent := filepath.Join(cache, "work")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	if err := sweep(ctx, parent, remove); err != nil {
		warn("remove what an earlier build left: %v", err)
	}
	d := &Dir{remove: remove}
	var err error
	if d.Path, err = os.MkdirTemp(parent, "build-*"); err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	if d.lock, err = locked(d.Path + lockSuffix); err != nil {
		return nil, errors.Join(err, os.Remove(d.Path))
	}
	return d, nil
}

// locked makes a locked file. It gets its name last: under it another build would take the lock.
func locked(name string) (*os.File, error) {
	file, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	err = errors.Join(flock.Try(file), os.Rename(file.Name(), name))
	if err != nil {
		return nil, errors.Join(err, os.Remove(file.Name()), file.Close())
	}
	return file, nil
}

// Remove removes the directory and all in it.
func (d *Dir) Remove(ctx context.Context) error {
	if err := d.remove(ctx, d.Path); err != nil {
		return errors.Join(err, d.lock.Close())
	}
	// While it is held, so that nobody locks a file that goes away.
	return errors.Join(os.Remove(d.Path+lockSuffix), d.lock.Close())
}

// abandoned is the age at which something without a lock is no build that is just beginning.
const abandoned = 24 * time.Hour

// sweep removes directories whose lock nobody holds.
func sweep(ctx context.Context, parent string, remove Remove) error {
	locks, err := filepath.Glob(filepath.Join(parent, "build-*"+lockSuffix))
	if err != nil {
		return err
	}
	all := []error{sweepLockless(ctx, parent, remove)}
	for _, name := range locks {
		lock, err := os.OpenFile(name, os.O_RDWR, 0) // NFS locks exclusively what may be written
		if errors.Is(err, os.ErrNotExist) {
			continue // its build has just ended
		}
		if err != nil {
			all = append(all, err)
			continue
		}
		switch err := flock.Try(lock); {
		case errors.Is(err, flock.ErrBusy):
			all = append(all, lock.Close())
		case err != nil:
			all = append(all, err, lock.Close())
		default:
			d := Dir{Path: strings.TrimSuffix(name, lockSuffix), lock: lock, remove: remove}
			all = append(all, d.Remove(ctx))
		}
	}
	return errors.Join(all...)
}

// sweepLockless removes what a build left that was killed before it had its lock.
func sweepLockless(ctx context.Context, parent string, remove Remove) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	var all []error
	for _, e := range entries {
		path := filepath.Join(parent, e.Name())
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < abandoned {
			continue
		}
		if _, err := os.Lstat(path + lockSuffix); strings.HasSuffix(path, lockSuffix) || err == nil {
			continue
		}
		all = append(all, remove(ctx, path))
	}
	return errors.Join(all...)
}
