// Package output keeps a build's files under other names until all of them are complete.
//
// Final paths are reserved first, so that two builds never write one file; the finished files and those
// beside them get their names last.
package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// Wanted is what a build will write.
type Wanted struct {
	// Directory that everything lies in; it is made where it is missing.
	Directory string
	// Files and Trees (directories) are the names of what takes long, in it.
	Files, Trees []string
	// Beside are the names, or paths, of the small files that Deliver writes.
	Beside []string
	// Replace what exists; without it that is refused.
	Replace bool
}

// Set are files that have not got their names yet.
type Set struct {
	wanted    Wanted
	entries   []entry
	made      bool // the directory, by Reserve
	delivered bool
}

// entry is one file or tree, open under its unfinished name, which locks it.
type entry struct {
	*os.File
	final string
	tree  bool
}

// Reserve opens the unfinished files. Those that a killed build left are used again.
func Reserve(wanted Wanted) (*Set, error) {
	_, missing := os.Lstat(wanted.Directory)
	if err := os.MkdirAll(wanted.Directory, 0o755); err != nil {
		return nil, fmt.Errorf("the output directory: %w", err)
	}
	s := &Set{wanted: wanted, made: missing != nil}
	if err := s.free(); err != nil {
		return nil, err
	}
	for _, name := range wanted.Files {
		if err := s.reserve(name, false); err != nil {
			return nil, errors.Join(err, s.Discard())
		}
	}
	for _, name := range wanted.Trees {
		if err := s.reserve(name, true); err != nil {
			return nil, errors.Join(err, s.Discard())
		}
	}
	return s, nil
}

func (s *Set) reserve(name string, tree bool) error {
	final := filepath.Join(s.wanted.Directory, name)
	partial := filepath.Join(s.wanted.Directory, "."+name+".partial")
	var file *os.File
	var err error
	if tree {
		if err = os.Mkdir(partial, 0o755); err == nil || errors.Is(err, fs.ErrExist) {
			file, err = os.Open(partial)
		}
	} else {
		file, err = os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o666)
	}
	if err != nil {
		return fmt.Errorf("the output directory: %w", err)
	}
	if err := flock.Try(file); err != nil {
		if errors.Is(err, flock.ErrBusy) {
			err = fmt.Errorf("another build is writing %s: give each an output_directory or a vm_name of its own", final)
		}
		return errors.Join(err, file.Close())
	}
	s.entries = append(s.entries, entry{File: file, final: final, tree: tree})
	if tree {
		return empty(partial)
	}
	return file.Truncate(0)
}

// empty removes what is in a directory.
func empty(directory string) error {
	entries, err := os.ReadDir(directory)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(directory, e.Name())))
	}
	return err
}

// File is the unfinished file, or tree, of a name that was wanted.
func (s *Set) File(name string) *os.File {
	for _, e := range s.entries {
		if filepath.Base(e.final) == name {
			return e.File
		}
	}
	return nil
}

// free refuses what is there already.
func (s *Set) free() error {
	for _, name := range s.names() {
		_, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("the output: %w", err)
		case !s.wanted.Replace:
			return fmt.Errorf("%s exists: remove it, set output_directory, or run packer build -force to replace it", name)
		}
	}
	return nil
}

// names are the final paths of everything.
func (s *Set) names() []string {
	var all []string
	for _, names := range [][]string{s.wanted.Files, s.wanted.Trees, s.wanted.Beside} {
		for _, name := range names {
			all = append(all, s.path(name))
		}
	}
	return all
}

// path is a name's in the directory.
func (s *Set) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.wanted.Directory, name)
}

// Deliver gives everything its name and writes the files beside, whose contents are given by their names. It
// returns their paths: files, trees, then those beside, in the order in which they were wanted. At no time
// does an old file stand beside a new one's checksum.
func (s *Set) Deliver(beside map[string][]byte) ([]string, error) {
	if err := s.free(); err != nil {
		return nil, err
	}
	for _, name := range s.wanted.Beside {
		if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	var files []string
	for i, e := range s.entries {
		if err := e.deliver(); err != nil {
			s.entries = s.entries[i:]
			return files, fmt.Errorf("deliver %s: %w", e.final, err)
		}
		files = append(files, e.final)
	}
	s.delivered = true
	for _, name := range s.wanted.Beside {
		if err := wholefile.Write(s.path(name), beside[name]); err != nil {
			return files, err
		}
		files = append(files, s.path(name))
	}
	return files, s.close()
}

func (e entry) deliver() error {
	if !e.tree {
		return errors.Join(e.Sync(), os.Rename(e.Name(), e.final))
	}
	// A directory takes no other's place.
	old := filepath.Join(filepath.Dir(e.final), "."+filepath.Base(e.final)+".old")
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(e.final, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.Rename(e.Name(), e.final), os.RemoveAll(old))
}

func (s *Set) close() error {
	var err error
	for _, e := range s.entries {
		err = errors.Join(err, e.Close())
	}
	return err
}

// Discard removes what was not delivered, and the directory that Reserve made where it is empty then.
func (s *Set) Discard() error {
	if s.delivered {
		return nil
	}
	var err error
	for _, e := range s.entries {
		// While it is locked, so that no other build's file is removed.
		err = errors.Join(err, os.RemoveAll(e.Name()))
	}
	err = errors.Join(err, s.close())
	if s.made {
		_ = os.Remove(s.wanted.Directory) // it fails where something else is in there
	}
	return err
}
