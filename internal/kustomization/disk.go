package kustomization

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Bounds of what a kustomization reads, well above what sites have.
const (
	maxFiles = 4000
	maxBytes = 128 << 20
)

// disk is the host's file system as the library may see it: nothing is written, what is read is
// bounded, recorded and decrypted, and some files have another text.
type disk struct {
	filesys.FileSystem
	ctx context.Context
	// given is the root as the operator named it, real the same without links.
	given, real string
	read        func(string, []byte) ([]byte, error)
	// files are the texts that were read, by real path.
	files map[string][]byte
	bytes int
	// shown are texts that the library gets instead, or of files that do not exist.
	shown map[string][]byte
	// aside lets the library see documents that it would drop before functions saw them.
	aside bool
}

func newDisk(ctx context.Context, given, real string, read func(string, []byte) ([]byte, error)) *disk {
	return &disk{
		FileSystem: filesys.MakeFsOnDisk(), ctx: ctx, given: given, real: real, read: read,
		files: map[string][]byte{},
	}
}

// realPath is path, absolute and without links.
func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// name is a real path as the operator would write it.
func (d *disk) name(path string) string {
	relative, err := filepath.Rel(d.real, path)
	if err != nil {
		return path
	}
	name := filepath.Join(d.given, relative)
	// `..` behind a link leads elsewhere than it says.
	if real, err := realPath(name); err == nil && real == path {
		return name
	}
	if real, err := realPath(filepath.Dir(name)); err == nil && filepath.Join(real, filepath.Base(name)) == path {
		return name
	}
	return path
}

func (d *disk) names() []string {
	var names []string
	for path := range d.files {
		names = append(names, d.name(path))
	}
	slices.Sort(names)
	return names
}

// load reads a file, whose path is real, once.
func (d *disk) load(path string) ([]byte, error) {
	if data, ok := d.files[path]; ok {
		return data, nil
	}
	if err := d.ctx.Err(); err != nil {
		return nil, err
	}
	at := tree.Place{File: d.name(path)}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, wrong(at, "there is no such file")
	case err != nil:
		return nil, wrong(at, "cannot be read: %s", reason(err))
	case !info.Mode().IsRegular():
		return nil, wrong(at, "is not a regular file")
	case info.Size() > tree.MaxText:
		return nil, wrong(at, "is larger than %d KiB, too large for a document", tree.MaxText>>10)
	case len(d.files) >= maxFiles, d.bytes > maxBytes:
		return nil, wrong(at, "the kustomization reads more than %d files or %d MiB", maxFiles, maxBytes>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, wrong(at, "cannot be read: %s", reason(err))
	}
	if d.read != nil {
		if data, err = d.read(at.File, data); err != nil {
			if len(mistake.All(err)) > 0 {
				return nil, err
			}
			return nil, wrong(at, "%s", err)
		}
	}
	d.files[path] = data
	d.bytes += len(data)
	return data, nil
}

// reason is why a path cannot be used, without the path.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// ReadFile gives the library a file.
func (d *disk) ReadFile(path string) ([]byte, error) {
	if err := d.ctx.Err(); err != nil {
		return nil, err
	}
	if text, ok := d.shown[path]; ok {
		return text, nil
	}
	// The library looks for a kustomization under several names.
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	real, err := realPath(path)
	if err != nil {
		return nil, err
	}
	data, err := d.load(real)
	if err != nil || !d.aside {
		return data, err
	}
	return setAside(data), nil
}

// CleanedAbs resolves a path for the library, which ends the process where it finds no directory.
func (d *disk) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	if _, ok := d.shown[path]; ok && !d.Exists(path) {
		return filesys.ConfirmedDir(filepath.Dir(path)), filepath.Base(path), nil
	}
	if !d.Exists(path) {
		return "", "", fmt.Errorf("there is no %s", d.name(path))
	}
	return d.FileSystem.CleanedAbs(path)
}

var errReadOnly = errors.New("a kustomization only reads")

func (d *disk) Create(string) (filesys.File, error)   { return nil, errReadOnly }
func (d *disk) Open(string) (filesys.File, error)     { return nil, errReadOnly }
func (d *disk) Mkdir(string) error                    { return errReadOnly }
func (d *disk) MkdirAll(string) error                 { return errReadOnly }
func (d *disk) RemoveAll(string) error                { return errReadOnly }
func (d *disk) WriteFile(string, []byte) error        { return errReadOnly }
func (d *disk) Walk(string, filepath.WalkFunc) error  { return errReadOnly }
func (d *disk) Glob(pattern string) ([]string, error) { return nil, errReadOnly }
