// Package output keeps a build's files under other names until all of them are complete.
//
// Final paths are reserved first, so that two builds never write one file; the finished files and those
// beside them get their names last.
package output

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
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
	name  string // as it was wanted
	final string // path
	tree  bool
}

// Reserve opens the unfinished files. Those that a killed build left are used again.
func Reserve(wanted Wanted) (*Set, error) {
	_, missing := os.Lstat(wanted.Directory)
	if err := os.MkdirAll(wanted.Directory, 0o755); err != nil {
		return nil, fmt.Errorf("the output directory: %w", err)
	}
	s := &Set{wanted: wanted, made: missing != nil}
	err := s.free()
	for _, kind := range []struct {
		names []string
		tree  bool
	}{{wanted.Files, false}, {wanted.Trees, true}, {wanted.Beside, false}} {
		for _, name := range kind.names {
			if err == nil {
				err = s.reserve(name, kind.tree)
			}
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.Discard())
	}
	return s, nil
}

func (s *Set) reserve(name string, tree bool) error {
	final := s.path(name)
	partial := filepath.Join(filepath.Dir(final), "."+filepath.Base(final)+".partial")
	for {
		file, err := open(partial, tree)
		if err != nil {
			return fmt.Errorf("the output: %w", err)
		}
		if err := flock.Try(file); err != nil {
			if errors.Is(err, flock.ErrBusy) {
				err = fmt.Errorf("another build is writing %s: give each an output_directory or a vm_name of its own", final)
			}
			return errors.Join(err, file.Close())
		}
		// Between the open and the lock its former owner may have delivered or removed it.
		if flock.StillAt(file, partial) {
			s.entries = append(s.entries, entry{File: file, name: name, final: final, tree: tree})
			return s.Reset(name)
		}
		file.Close()
	}
}

func open(partial string, tree bool) (*os.File, error) {
	if !tree {
		return os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o666)
	}
	if err := os.Mkdir(partial, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.Open(partial)
}

// File is the unfinished file, or tree, of a name that was wanted.
func (s *Set) File(name string) *os.File {
	for _, e := range s.entries {
		if e.name == name {
			return e.File
		}
	}
	return nil
}

// Reset empties an unfinished file or tree.
func (s *Set) Reset(name string) error {
	for _, e := range s.entries {
		switch {
		case e.name != name:
		case e.tree:
			return empty(e.Name())
		default:
			_, err := e.Seek(0, io.SeekStart)
			return errors.Join(err, e.Truncate(0))
		}
	}
	return nil
}

// empty removes what is in a directory.
func empty(directory string) error {
	entries, err := os.ReadDir(directory)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(directory, e.Name())))
	}
	return err
}

// free refuses what is there already, and where it is to be replaced a directory in a file's place: who knows what is in it.
func (s *Set) free() error {
	for _, kind := range []struct {
		names  []string
		isTree bool
	}{{s.wanted.Files, false}, {s.wanted.Trees, true}, {s.wanted.Beside, false}} {
		for _, name := range kind.names {
			info, err := os.Lstat(s.path(name))
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return fmt.Errorf("the output: %w", err)
			case info.IsDir() && !kind.isTree:
				return fmt.Errorf("%s is a directory, and a file is to be written there: name another one", s.path(name))
			case !s.wanted.Replace:
				return fmt.Errorf("%s exists: remove it, set output_directory, or run packer build -force to replace it", s.path(name))
			}
		}
	}
	return nil
}

// path is a name's in the directory.
func (s *Set) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.wanted.Directory, name)
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
