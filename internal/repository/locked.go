package repository

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/repository/deb"
)

// Locked is a package of a locked repository, as a lock file has it.
type Locked struct {
	Name, Version, Architecture string
	Size                        int64  // bytes
	SHA256                      string // hex; the store must have it
}

// AddLocked serves a flat repository that holds exactly these packages from the store. Its index
// is made of each package's own control paragraph, so the Section and Priority that the archive
// may have overridden are the package's own. date is the repository's: SOURCE_DATE_EPOCH, so that
// the same lock gives the same files. It is not signed: every file in it was verified against a
// signed suite, and apt's source says trusted=yes.
func (s *Server) AddLocked(ctx context.Context, files Store, packages []Locked, date time.Time) (Mount, error) {
	var index strings.Builder
	all := map[string]served{}
	for _, p := range packages {
		if err := ctx.Err(); err != nil {
			return Mount{}, context.Cause(ctx)
		}
		file, found := files.Path(p.SHA256)
		if !found {
			return Mount{}, fmt.Errorf("package %s %s is not in the store: fetch it first", p.Name, p.Version)
		}
		control, err := readControl(file)
		if err != nil {
			return Mount{}, err
		}
		if err := p.describes(control); err != nil {
			return Mount{}, fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
		}
		name := p.filename()
		fmt.Fprintf(&index, "%sFilename: ./%s\nSize: %d\nSHA256: %s\n\n", control, name, p.Size, p.SHA256)
		all[name] = served{path: file, modified: date}
	}
	text := []byte(index.String())
	all["Packages"] = served{content: text, modified: date}
	all["Release"] = served{content: lockedRelease(text, date), modified: date}
	return s.mount(all, "./", nil), nil
}

func readControl(file string) (string, error) {
	f, err := deb.Open(file)
	if err != nil {
		return "", err
	}
	control, err := f.Control()
	return control, errors.Join(err, f.Close())
}

// describes checks that a control paragraph is the package's. One that held a Filename, or a
// second paragraph, could smuggle another package into the index.
func (p Locked) describes(control string) error {
	all, err := paragraphs(control)
	if err != nil {
		return fmt.Errorf("read its control paragraph: %w", err)
	}
	if len(all) != 1 {
		return fmt.Errorf("its control file has %d paragraphs instead of one", len(all))
	}
	values := map[string]string{}
	for _, f := range all[0] {
		switch f.name {
		case "filename", "size", "sha256":
			return fmt.Errorf("its control paragraph has a field %s", f.name)
		}
		values[f.name] = f.value
	}
	for _, want := range []struct{ field, value string }{
		{"package", p.Name}, {"version", p.Version}, {"architecture", p.Architecture},
	} {
		if values[want.field] != want.value {
			return fmt.Errorf("its control paragraph has %s %q, the lock %q", want.field, values[want.field], want.value)
		}
	}
	return nil
}

// filename as apt names packages in its cache; the epoch's colon is not for file names.
func (p Locked) filename() string {
	version := strings.ReplaceAll(p.Version, ":", ".")
	return path.Join("pool", path.Base(p.Name+"_"+version+"_"+p.Architecture+".deb"))
}

func lockedRelease(index []byte, date time.Time) []byte {
	return fmt.Appendf(nil, "Origin: packer-plugin-airship\nLabel: locked\nSuite: locked\nDate: %s\nSHA256:\n %x %d Packages\n",
		date.UTC().Format("Mon, 02 Jan 2006 15:04:05 UTC"), sha256.Sum256(index), len(index))
}
