package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// Write writes the files: all of them, or none where one was changed by someone else since it was read or cannot be written.
func (c *Changes) Write() error {
	if err := c.unchanged(); err != nil {
		return err
	}
	var all []*staged
	var mistakes []*mistake.Mistake
	for _, change := range c.Files {
		one, err := stage(change)
		if err != nil {
			mistakes = append(mistakes, &mistake.Mistake{File: change.Name, Problem: "cannot be written: " + reason(err) + "; nothing was changed"})
			continue
		}
		all = append(all, one)
	}
	err := mistake.Join(mistakes)
	if err == nil {
		err = c.unchanged() // staging takes its time
	}
	if err != nil {
		return errors.Join(err, discard(all))
	}
	return commit(all)
}

// unchanged says which of the files are not as they were when the changes were decided.
func (c *Changes) unchanged() error {
	var mistakes []*mistake.Mistake
	check := func(name string, before []byte) {
		data, err := os.ReadFile(name)
		switch {
		case before == nil && err != nil: // whether it can be made shows when it is
		case before == nil:
			mistakes = append(mistakes, &mistake.Mistake{File: name, Problem: "was made by someone else meanwhile; nothing was written, run it again"})
		case err != nil:
			mistakes = append(mistakes, &mistake.Mistake{File: name, Problem: "cannot be read any more: " + reason(err) + "; nothing was written"})
		case !bytes.Equal(data, before):
			mistakes = append(mistakes, &mistake.Mistake{File: name, Problem: "was changed by someone else since it was read; nothing was written, run it again"})
		}
	}
	for _, f := range c.read {
		check(f.name, f.data)
	}
	for _, change := range c.Files {
		if !slices.ContainsFunc(c.read, func(f *file) bool { return f.name == change.Name }) {
			check(change.Name, change.Before)
		}
	}
	return mistake.Join(mistakes)
}

// staged is a file that is written beside its place.
type staged struct {
	Change
	// target is the file behind links, partial the new text beside it.
	target, partial string
	// made are the directories that were made for it, outermost first.
	made []string
}

func stage(change Change) (*staged, error) {
	one := &staged{Change: change, target: change.Name}
	if err := one.write(); err != nil {
		return nil, errors.Join(err, discard([]*staged{one}))
	}
	return one, nil
}

func (one *staged) write() error {
	mode := fs.FileMode(0o666)
	if one.Before != nil {
		var err error
		// A link stays one.
		if one.target, err = filepath.EvalSymlinks(one.Name); err != nil {
			return err
		}
		info, err := os.Stat(one.target)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
		// A rename would replace a file that must not be written.
		file, err := os.OpenFile(one.target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	var err error
	if one.made, err = makeDirectory(filepath.Dir(one.target)); err != nil {
		return err
	}
	partial := wholefile.Partial(one.target)
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	one.partial = partial
	_, err = file.Write(one.After)
	if one.Before != nil {
		err = errors.Join(err, file.Chmod(mode)) // whatever the umask is
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// makeDirectory makes a directory and those around it, and says which there were not.
func makeDirectory(directory string) (made []string, err error) {
	for around := directory; ; around = filepath.Dir(around) {
		if _, err := os.Stat(around); err == nil || around == filepath.Dir(around) {
			break
		}
		made = append([]string{around}, made...)
	}
	return made, os.MkdirAll(directory, 0o777)
}

// discard removes what was staged.
func discard(all []*staged) (err error) {
	for _, one := range slices.Backward(all) {
		if one.partial != "" {
			err = errors.Join(err, os.Remove(one.partial))
		}
		one.unmake()
	}
	return err
}

// unmake removes the directories that were made, as far as they are empty.
func (one *staged) unmake() {
	for _, directory := range slices.Backward(one.made) {
		if os.Remove(directory) != nil {
			return
		}
	}
}

// commit gives the files their names. If one cannot have it, those before it get back what they were.
func commit(all []*staged) error {
	for i, one := range all {
		err := os.Rename(one.partial, one.target)
		if err == nil {
			continue
		}
		err = &mistake.Mistake{File: one.Name, Problem: "cannot be written: " + reason(err) + "; nothing was changed"}
		err = errors.Join(err, discard(all[i:]))
		for _, done := range slices.Backward(all[:i]) {
			if undo := done.undo(); undo != nil {
				err = errors.Join(err, fmt.Errorf("%s could not be put back: %w", done.Name, undo))
			}
		}
		return err
	}
	return nil
}

func (one *staged) undo() error {
	if one.Before == nil {
		err := os.Remove(one.target)
		one.unmake()
		return err
	}
	info, err := os.Stat(one.target)
	if err != nil {
		return err
	}
	return errors.Join(wholefile.Write(one.target, one.Before), os.Chmod(one.target, info.Mode().Perm()))
}
