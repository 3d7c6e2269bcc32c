package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Deliver gives everything its name and writes the files beside, whose contents are given by their names. It
// returns their paths: files, trees, then those beside, in the order in which they were wanted. At no time
// does an old file stand beside a new one's checksum; after an error there is nothing new, what was there is there
// again, and Deliver can be tried once more.
func (s *Set) Deliver(beside map[string][]byte) (files []string, err error) {
	if err := s.free(); err != nil {
		return nil, err
	}
	if err := s.complete(beside); err != nil {
		return nil, err
	}
	var named []entry
	defer func() {
		if err == nil || s.delivered {
			return
		}
		for _, e := range slices.Backward(named) {
			err = errors.Join(err, os.Rename(e.final, e.Name()))
		}
		for _, e := range s.entries {
			err = errors.Join(err, e.putBack())
		}
	}()
	// What is said of the old files goes first.
	for _, e := range slices.Backward(s.entries) {
		if err := e.setAside(!slices.Contains(s.wanted.Files, e.name)); err != nil {
			return nil, fmt.Errorf("set the old %s aside: %w", e.final, err)
		}
	}
	for _, e := range s.entries {
		if err := os.Rename(e.Name(), e.final); err != nil {
			return nil, fmt.Errorf("deliver %s: %w", e.final, err)
		}
		named, files = append(named, e), append(files, e.final)
	}
	s.delivered = true
	for _, e := range s.entries {
		err = errors.Join(err, e.dropOld())
	}
	return files, errors.Join(err, s.close())
}

// complete writes the files beside, and waits until all files are on the disk: no name is given to what could not be kept.
func (s *Set) complete(beside map[string][]byte) error {
	for _, name := range s.wanted.Beside {
		if err := s.Reset(name); err != nil {
			return fmt.Errorf("write %s: %w", s.path(name), err)
		}
		if _, err := s.File(name).Write(beside[name]); err != nil {
			return fmt.Errorf("write %s: %w", s.path(name), err)
		}
	}
	for _, e := range s.entries {
		if e.tree {
			continue
		}
		if err := e.Sync(); err != nil {
			return fmt.Errorf("write %s: %w", e.final, err)
		}
	}
	return nil
}

// old is the name of what was there before, while it is replaced.
func (e entry) old() string {
	return filepath.Join(filepath.Dir(e.final), "."+filepath.Base(e.final)+".old")
}

// setAside gives what is there another name, and only that where away is asked for: a file stays in its place until the new one takes it. A directory takes
// no other's place.
func (e entry) setAside(away bool) error {
	if err := e.dropOld(); err != nil {
		return err
	}
	if !away && os.Link(e.final, e.old()) == nil {
		return nil
	}
	if err := os.Rename(e.final, e.old()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// putBack undoes setAside.
func (e entry) putBack() error {
	err := os.Rename(e.old(), e.final)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// Of two names of one file the rename leaves both.
	return errors.Join(err, e.dropOld())
}

// dropOld removes what was set aside; of a file no more than a file.
func (e entry) dropOld() error {
	if e.tree {
		return os.RemoveAll(e.old())
	}
	if err := os.Remove(e.old()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
