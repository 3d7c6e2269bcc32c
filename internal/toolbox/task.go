package toolbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Task is the part of Ensure that root of the mapping does, because files get owners that only it may give
// or remove. It marshals to JSON, so that it can be handed to a process inside a user namespace.
type Task struct {
	// Tree is the directory it works in; its entries are made or removed, itself is not.
	Tree string `json:"tree"`
	// Debs to unpack into Tree, base-files first. Empty: everything in Tree is removed.
	Debs []Deb `json:"debs,omitempty"`
	// Architecture of the packages, Debian's name.
	Architecture string `json:"architecture,omitempty"`
}

// Do does the task in this process, which is root or root of a user namespace.
func (t Task) Do(ctx context.Context) error {
	if len(t.Debs) == 0 {
		return empty(t.Tree)
	}
	if err := Unpack(ctx, t.Debs, t.Tree); err != nil {
		return err
	}
	if err := Fix(t.Tree); err != nil {
		return err
	}
	return compilePython(ctx, t.Tree, t.Architecture)
}

// empty removes everything in dir.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var all []error
	for _, entry := range entries {
		all = append(all, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("empty %s: %w", dir, err)
	}
	return nil
}
