package osconfig

import (
	"archive/tar"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// role holds the playbook, the roles, the modules and plugins, and ansible.cfg.
//
//go:embed ansible
var role embed.FS

// Files beside the playbook.
const (
	varsFile      = "vars.yaml"
	extraVarsFile = "extra-vars.yaml"
	inventoryFile = "inventory.yaml"
	downloadsDir  = "downloads"
)

// upload unpacks the roles, the plays and the variables into the private directory, which only root may
// enter.
//
// One archive through one command's input, since every command costs a session; the variables are
// in no argument, which every process of the machine could read.
func (p playRun) upload(ctx context.Context) error {
	reader, writer := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := p.pack(writer)
		writer.CloseWithError(err)
		packed <- err
	}()
	err := p.runner.Run(ctx, machine.Command{
		Args:  []string{"sh", "-c", `mkdir -m 0700 "$1" && exec tar --extract --file=- --directory="$1"`, "sh", p.private},
		Stdin: reader,
	})
	reader.CloseWithError(err)
	if packErr := <-packed; packErr != nil && err == nil {
		err = packErr
	}
	if err != nil {
		return fmt.Errorf("upload the roles: %w", err)
	}
	return nil
}

// pack writes everything that ansible-playbook reads as a tar archive.
func (p playRun) pack(archive io.Writer) error {
	w := tar.NewWriter(archive)
	if err := packTree(w, role, "ansible", ""); err != nil {
		return err
	}
	inventory, err := p.inventory()
	if err != nil {
		return err
	}
	files := map[string][]byte{varsFile: p.options.VarsYAML, inventoryFile: inventory}
	if len(p.options.ExtraVars) > 0 {
		files[extraVarsFile] = p.options.ExtraVars
	}
	maps.Copy(files, p.connection.files)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := addFile(w, name, 0o600, time.Time{}, files[name]); err != nil {
			return err
		}
	}
	for _, d := range p.options.Downloads {
		if err := d.pack(w); err != nil {
			return err
		}
	}
	if err := p.options.Plays.pack(w); err != nil {
		return err
	}
	return w.Close()
}

// inventory has the one host, target, with how it is reached and what the roles know of this run.
func (p playRun) inventory() ([]byte, error) {
	vars := map[string]any{
		"osconfig_remote":     p.target.remote(),
		"osconfig_skip_roles": append([]string{}, p.options.Skip...),
		"osconfig_downloads":  path.Join(p.private, downloadsDir),
	}
	maps.Copy(vars, p.connection.vars)
	return yaml.Marshal(map[string]any{"all": map[string]any{"hosts": map[string]any{"target": vars}}})
}

// packTree adds the files below top to an archive, below to. Of byte-compiled Python there is none.
func packTree(w *tar.Writer, files fs.FS, top, to string) error {
	return fs.WalkDir(files, top, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "__pycache__":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return addFile(w, path.Join(to, strings.TrimPrefix(name, top+"/")), 0o644, time.Time{}, data)
	})
}

// addFile adds a file of root's to an archive.
func addFile(w *tar.Writer, name string, mode int64, modified time.Time, data []byte) error {
	err := w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data)), ModTime: modified,
	})
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
