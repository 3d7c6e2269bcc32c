package toolbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// baseFiles is the package that every other one is unpacked on top of.
const baseFiles = "base-files"

// Pin says exactly which packages a toolbox is made of. It is part of the lock.
type Pin struct {
	Suite string `json:"suite"`
	// Date of the suite's InRelease that the packages were resolved from.
	Date         time.Time `json:"date"`
	Architecture string    `json:"architecture"` // Debian's name
	// Packages by name, each name once.
	Packages []PinnedPackage `json:"packages"`
}

// PinnedPackage is one .deb.
type PinnedPackage struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"` // the pin's, or all
	Filename     string `json:"filename"`     // relative to the archive's base URL
	Size         int64  `json:"size"`         // bytes
	SHA256       string `json:"sha256"`       // hex
}

// Digest is the SHA-256 of the pin's JSON, in hex.
func (p Pin) Digest() (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Size is what the packages have to download, in bytes.
func (p Pin) Size() int64 {
	var sum int64
	for _, one := range p.Packages {
		sum += one.Size
	}
	return sum
}

// Check finds what is wrong with a pin that was read from a file.
func (p Pin) Check() error {
	if p.Suite == "" || p.Architecture == "" || p.Date.IsZero() {
		return errors.New("toolbox pin: suite, architecture and date must be there")
	}
	seen := make(map[string]bool, len(p.Packages))
	for i, one := range p.Packages {
		if err := one.check(p.Architecture); err != nil {
			return fmt.Errorf("toolbox pin: packages[%d] (%s): %w", i, one.Name, err)
		}
		if seen[one.Name] {
			return fmt.Errorf("toolbox pin: packages[%d]: %s is there twice", i, one.Name)
		}
		seen[one.Name] = true
	}
	if !seen[baseFiles] {
		return fmt.Errorf("toolbox pin: no package %s, which every toolbox begins with", baseFiles)
	}
	return nil
}

func (p PinnedPackage) check(architecture string) error {
	switch {
	case p.Name == "" || p.Version == "":
		return errors.New("name and version must be there")
	case p.Architecture != architecture && p.Architecture != "all":
		return fmt.Errorf("architecture %q is neither %s nor all", p.Architecture, architecture)
	case p.Filename == "" || path.IsAbs(p.Filename) || strings.HasPrefix(path.Clean(p.Filename), ".."):
		return fmt.Errorf("file name %q is not a path below the archive", p.Filename)
	case p.Size <= 0:
		return fmt.Errorf("size %d is no size", p.Size)
	}
	if sum, err := hex.DecodeString(p.SHA256); err != nil || len(sum) != sha256.Size ||
		strings.ToLower(p.SHA256) != p.SHA256 {
		return fmt.Errorf("%q is not a SHA-256 in lower-case hex", p.SHA256)
	}
	return nil
}
