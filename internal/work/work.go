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

// New removes what earlier builds left in cache/work and makes a directory there.
func New(ctx context.Context, cache string, remove Remove) (*Dir, error) {
	parent := filepath.Join(cache, "work")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	if err := sweep(ctx, parent, remove); err != nil {
		return nil, fmt.Errorf("remove what an earlier build left: %w", err)
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

// sweep removes directories whose lock nobody holds.
func sweep(ctx context.Context, parent string, remove Remove) error {
	locks, err := filepath.Glob(filepath.Join(parent, "build-*"+lockSuffix))
	if err != nil {
		return err
	}
	var all []error
	for _, name := range locks {
		lock, err := os.Open(name)
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
