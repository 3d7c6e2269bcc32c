package krm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/isolation"
)

// A run's private directory holds documents, Secrets among them. Its file lockName is locked while the run lives, so that the next one tells
// what a killed one left.
const (
	directoryPattern = "airship-function-*"
	lockName         = "lock"
)

// inDirectory runs do with a private directory as the working directory, which it removes. Documents are named relative to it, as
// the user named them.
func inDirectory(ctx context.Context, stderr io.Writer, do func(directory string) error) (err error) {
	// What cannot be removed now is in nobody's way.
	if err := sweep(ctx); err != nil {
		fmt.Fprintf(stderr, "Warning: what a killed run left stays: %v\n", err)
	}
	directory, err := os.MkdirTemp("", directoryPattern)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(ctx, directory)) }()
	lock, err := lockDirectory(directory)
	if err != nil {
		return err
	}
	defer lock.Close()
	back, err := os.Getwd()
	if err != nil {
		back = os.TempDir()
	}
	if err := os.Chdir(directory); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Chdir(back)) }()
	return do(directory)
}

// remove removes a directory. A cache in it may belong to the users of a namespace.
func remove(ctx context.Context, directory string) error {
	return isolation.Choice{}.Remove(context.WithoutCancel(ctx), directory)
}

// lockDirectory gives the lock its name when it is held: under it another run would take it. Systems without such locks have none to tell.
func lockDirectory(directory string) (*os.File, error) {
	file, err := os.CreateTemp(directory, "new-*")
	if err != nil {
		return nil, err
	}
	if err := flock.Try(file); errors.Is(err, errors.ErrUnsupported) {
		return file, os.Remove(file.Name())
	} else if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, os.Rename(file.Name(), filepath.Join(directory, lockName))
}

// sweep removes the directories of this user's runs that were killed. Others' cannot be entered.
func sweep(ctx context.Context) error {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), directoryPattern, lockName))
	if err != nil {
		return err
	}
	var all []error
	for _, name := range locks {
		lock, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // its run has just ended, or is another user's
		}
		if flock.Try(lock) == nil {
			all = append(all, remove(ctx, filepath.Dir(name)))
		}
		lock.Close()
	}
	return errors.Join(all...)
}
