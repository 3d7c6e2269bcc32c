package osconfig

import (
	"archive/tar"
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// role holds the playbook, the role osconfig, the connection and callback plugins and ansible.cfg.
//
//go:embed ansible
var role embed.FS

// varsFile is the variables' name beside the playbook.
const varsFile = "vars.yaml"

// upload unpacks the role and the variables into dir, which only root may enter.
//
// One archive through one command's input, since every command costs a session; the variables are
// in no argument, which every process of the machine could read.
func upload(ctx context.Context, r Runner, dir string, vars []byte) error {
	var archive bytes.Buffer
	if err := pack(&archive, vars); err != nil {
		return fmt.Errorf("pack the role: %w", err)
	}
	err := r.Run(ctx, machine.Command{
		Args:  []string{"sh", "-c", `mkdir -m 0700 "$1" && exec tar --extract --file=- --directory="$1"`, "sh", dir},
		Stdin: &archive,
	})
	if err != nil {
		return fmt.Errorf("upload the role: %w", err)
	}
	return nil
}

// pack writes the role and the variables as a tar archive.
func pack(archive *bytes.Buffer, vars []byte) error {
	w := tar.NewWriter(archive)
	err := fs.WalkDir(role, "ansible", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := role.ReadFile(name)
		if err != nil {
			return err
		}
		return addFile(w, strings.TrimPrefix(name, "ansible/"), 0o644, time.Time{}, data)
	})
	if err != nil {
		return err
	}
	if err := addFile(w, varsFile, 0o600, time.Time{}, vars); err != nil {
		return err
	}
	return w.Close()
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
