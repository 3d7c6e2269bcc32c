// Package output keeps a build's image under another name until it is complete.
//
// A final path is reserved first, so that two builds never write one image; the finished file and
// those beside it get their names last.
package output

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// Endings of the files beside an image.
const (
	Checksum = ".sha256"        // for sha256sum --check
	Manifest = ".manifest.json" // how the image came about
)

// Image is a file that has not got its name yet.
type Image struct {
	*os.File
	final     string
	replace   bool
	made      bool // the directory, by Reserve
	delivered bool
}

// Reserve opens the unfinished image of a final path. One that a killed build left is used again.
// Without replace it refuses a final path, or one beside it, that exists.
func Reserve(final string, replace bool) (*Image, error) {
	directory := filepath.Dir(final)
	_, missing := os.Lstat(directory)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, fmt.Errorf("the output directory: %w", err)
	}
	i := &Image{final: final, replace: replace, made: missing != nil}
	if err := i.free(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(directory, "."+filepath.Base(final)+".partial"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("the output directory: %w", err)
	}
	if err := flock.Try(file); err != nil {
		if errors.Is(err, flock.ErrBusy) {
			err = fmt.Errorf("another build is writing %s: give each an output_directory of its own", final)
		}
		return nil, errors.Join(err, file.Close())
	}
	i.File = file
	return i, file.Truncate(0)
}

// free refuses what is there already.
func (i *Image) free() error {
	for _, name := range i.names() {
		_, err := os.Lstat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return fmt.Errorf("the output: %w", err)
		case !i.replace:
			return fmt.Errorf("%s exists: remove it, set output_directory, or run packer build -force to replace it", name)
		}
	}
	return nil
}

// names are the image's and those beside it.
func (i *Image) names() []string { return []string{i.final, i.final + Checksum, i.final + Manifest} }

// Deliver gives the image its name and writes the files beside it, whose contents are given by
// ending. It returns the paths, the image first. Between an old image and a new one there is none
// with the other's checksum.
func (i *Image) Deliver(beside map[string][]byte) ([]string, error) {
	if err := i.free(); err != nil {
		return nil, err
	}
	for _, name := range i.names()[1:] {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if err := errors.Join(i.Sync(), os.Rename(i.Name(), i.final)); err != nil {
		return nil, fmt.Errorf("deliver %s: %w", i.final, err)
	}
	i.delivered = true
	files := []string{i.final}
	for _, ending := range []string{Checksum, Manifest} {
		if err := wholefile.Write(i.final+ending, beside[ending]); err != nil {
			return files, err
		}
		files = append(files, i.final+ending)
	}
	return files, i.Close()
}

// Discard removes what was not delivered, and the directory that Reserve made where it is empty then.
func (i *Image) Discard() error {
	if i.delivered {
		return nil
	}
	// While it is locked, so that no other build's file is removed.
	err := errors.Join(os.Remove(i.Name()), i.Close())
	if i.made {
		_ = os.Remove(filepath.Dir(i.final)) // it fails where something else is in there
	}
	return err
}
