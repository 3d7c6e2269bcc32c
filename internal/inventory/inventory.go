// Package inventory tells what a finished root filesystem consists of.
//
// A machine enters, whose target is finished and not open; its packages, with the licences that they name and the
// room that they take, leave, and the sizes of its directories. The target is only read, and stays as it was.
//
// What is read, below the target: /var/lib/dpkg/status (and status.d, of images without dpkg) for the packages,
// /var/lib/dpkg/info/*.list for their files, /var/lib/dpkg/diversions for those that lie elsewhere,
// /usr/share/doc/PACKAGE/copyright for licences, where it has Debian's machine-readable form, and os-release.
package inventory

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Inventory is what a finished root filesystem consists of. Files are regular ones, by their names; bytes are their
// lengths, those of a hard link being its first name's (in the order of paths). A package's and Unowned's add up to Bytes.
type Inventory struct {
	System      System      `json:"system"`
	Packages    []Package   `json:"packages"`    // sorted by name, then architecture
	Directories []Directory `json:"directories"` // every directory down to depth 4, sorted by path; sizes include what lies below
	Files       int         `json:"files"`
	Bytes       int64       `json:"bytes"`
	Unowned     int64       `json:"unowned"` // bytes of files that belong to no package
}

// System is what os-release(5) says of the root filesystem; a field that is not there is empty.
type System struct {
	ID       string `json:"id"`       // debian
	Version  string `json:"version"`  // 12
	Codename string `json:"codename"` // bookworm
	Name     string `json:"name"`     // Debian GNU/Linux 12 (bookworm)
}

// Package is one whose files are there, configured or not.
type Package struct {
	Name          string `json:"name"`
	Version       string `json:"version"`
	Architecture  string `json:"architecture"` // Debian's, or all
	Source        string `json:"source"`
	SourceVersion string `json:"sourceVersion"`
	// Licences are SPDX identifiers and expressions, or what the package's copyright file names where that is no SPDX
	// licence, sorted; they hold for some files each. Empty: not known, or not told in a form that a program reads.
	Licences []string `json:"licences"`
	// Bytes and Files are those that it owns, as they are in the image. What two packages share is the first's.
	Bytes int64 `json:"bytes"`
	Files int   `json:"files"`
}

// Directory with all that lies below it.
type Directory struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Files int    `json:"files"`
}

//go:embed inventory.py
var program string

// frozen runs python3 where $1 cannot be written to: the kernel keeps even the times of access, which end in the image
// else. The flags besides ro are those that a mount may have to keep in a user namespace.
const frozen = `set -eu
mount --bind -- "$1" "$1"
mount -o remount,bind,ro,nosuid,nodev,noexec -- "$1"
exec python3 -I -B - "$1"`

// Take reads the target of a machine, which is not open.
func Take(ctx context.Context, m machine.Machine) (Inventory, error) {
	var out bytes.Buffer
	err := m.Run(ctx, machine.Command{
		Args:   []string{"unshare", "--mount", "sh", "-c", frozen, "inventory", machine.Target},
		Stdin:  bytes.NewReader([]byte(program)),
		Stdout: &out,
	})
	if err != nil {
		return Inventory{}, fmt.Errorf("take the inventory: %w", err)
	}
	return read(&out)
}

// read is what the program printed, licences by their SPDX names.
func read(from io.Reader) (Inventory, error) {
	var taken Inventory
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&taken); err != nil {
		return Inventory{}, fmt.Errorf("read the inventory: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Inventory{}, errors.New("read the inventory: something follows it")
	}
	for i, p := range taken.Packages {
		taken.Packages[i].Licences = licences(p.Licences)
	}
	return taken, nil
}
