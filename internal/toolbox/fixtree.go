package toolbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// Fix makes the few files in an unpacked tree that maintainer scripts would have made. It runs as root, or as
// root of a user namespace, once a tree.
func Fix(tree string) error {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	return errors.Join(fix(root), root.Close())
}

func fix(root *os.Root) error {
	inputs, err := fixupInputs(root.FS())
	if err != nil {
		return err
	}
	entries, err := fixups(inputs)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := e.writeTo(root); err != nil {
			return fmt.Errorf("make the toolbox's %s: %w", e.name, err)
		}
	}
	return nil
}

// fixupInputs reads what fixups needs of a tree. It is for fixups to say what is missing.
func fixupInputs(tree fs.FS) (map[string][]byte, error) {
	inputs := map[string][]byte{}
	for _, top := range []string{passwdMaster, groupMaster, authorities} {
		err := fs.WalkDir(tree, top, func(name string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !entry.Type().IsRegular() || !isFixupInput(name) {
				return err
			}
			inputs[name], err = fs.ReadFile(tree, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// writeTo makes the entry in the tree root, and its directory where that is missing.
func (e entry) writeTo(root *os.Root) error {
	if e.mode.IsDir() {
		return root.MkdirAll(e.name, e.mode.Perm())
	}
	if err := root.MkdirAll(path.Dir(e.name), 0o755); err != nil {
		return err
	}
	if e.mode&fs.ModeSymlink == 0 {
		return e.writeFileTo(root)
	}
	if err := root.Remove(e.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return root.Symlink(e.content, e.name)
}

// writeFileTo writes a file with exactly its mode, whatever the umask.
func (e entry) writeFileTo(root *os.Root) error {
	if err := root.WriteFile(e.name, []byte(e.content), e.mode.Perm()); err != nil {
		return err
	}
	if err := root.Chmod(e.name, e.mode.Perm()); err != nil || e.gid == 0 {
		return err
	}
	if err := root.Lchown(e.name, 0, e.gid); err != nil && !unmapped(err) {
		return err
	}
	return nil
}
