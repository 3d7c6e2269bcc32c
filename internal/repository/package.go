package repository

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// Package is one binary package of an index. Relations are in the text of the control field;
// ParseRelations reads them.
type Package struct {
	// Release is the suite that it comes from.
	Release *Release

	Name         string
	Version      string
	Architecture string // all, or the index's
	Filename     string // slashes, relative to the source's URI
	Size         int64  // bytes
	SHA256       string // hex, lower case

	PreDepends string
	Depends    string
	Provides   string
	MultiArch  string // same, foreign, allowed or empty
	Priority   string // required, important, standard, optional or extra
	Essential  bool
}

// Item is the package's file as a store fetches it.
func (p *Package) Item() store.Item {
	return store.Item{
		Name: p.Name + " " + p.Version, URL: p.Release.Source.URL(p.Filename),
		SHA256: p.SHA256, Size: p.Size,
	}
}

// record is a package as an index keeps it: the values of recordFields, each ended by a newline.
// It is half of the paragraph's size and costs no allocation of its own.
type record string

// recordFields are the fields that a record keeps, in its order. The name is first. They are all
// that apt reads of a Packages file to resolve and to download, descriptions apart
// (debListParser and debRecordParser of apt 3.0).
var recordFields = [...]string{
	"Package", "Version", "Architecture", "Filename", "Size", "SHA256", "Pre-Depends", "Depends",
	"Provides", "Multi-Arch", "Priority", "Essential",
	"Conflicts", "Breaks", "Recommends", "Suggests", "Replaces", "Enhances",
	"Source", "Section", "Installed-Size", "Important", "Protected", "Phased-Update-Percentage",
}

// Places of the fields in recordFields.
const (
	fieldName = iota
	fieldVersion
	fieldArchitecture
	fieldFilename
	fieldSize
	fieldSHA256
	fieldPreDepends
	fieldDepends
	fieldProvides
	fieldMultiArch
	fieldPriority
	fieldEssential
	fieldConflicts
	fieldBreaks
	fieldRecommends
	fieldSuggests
	fieldReplaces
	fieldEnhances
	fieldSource
	fieldSection
	fieldInstalledSize
	fieldImportant
	fieldProtected
	fieldPhasing
	fieldCount
)

func (r record) values() (values [fieldCount]string) {
	rest := string(r)
	for i := range values {
		values[i], rest, _ = strings.Cut(rest, "\n")
	}
	return values
}

func (r record) name() string {
	name, _, _ := strings.Cut(string(r), "\n")
	return name
}

// writeTo writes the paragraph that r was read from, as far as r keeps it, and the empty line after.
func (r record) writeTo(text *bytes.Buffer) {
	for i, value := range r.values() {
		if value != "" {
			text.WriteString(recordFields[i] + ": " + value + "\n")
		}
	}
	text.WriteByte('\n')
}

// parse checks what a download or a verification relies on.
func (r record) parse(release *Release) (*Package, error) {
	v := r.values()
	p := &Package{
		Release: release,
		Name:    v[fieldName], Version: v[fieldVersion], Architecture: v[fieldArchitecture],
		Filename: v[fieldFilename], SHA256: strings.ToLower(v[fieldSHA256]),
		PreDepends: v[fieldPreDepends], Depends: v[fieldDepends], Provides: v[fieldProvides],
		MultiArch: v[fieldMultiArch], Priority: v[fieldPriority],
		Essential: strings.EqualFold(v[fieldEssential], "yes"),
	}
	complain := func(format string, args ...any) (*Package, error) {
		return nil, fmt.Errorf("package %s %s of %s: %s", p.Name, p.Version, release.Source.label(),
			fmt.Sprintf(format, args...))
	}
	if !validName(p.Name) || p.Version == "" || p.Architecture == "" {
		return complain("its paragraph lacks a valid Package, Version or Architecture")
	}
	if digest, err := hex.DecodeString(p.SHA256); err != nil || len(digest) != 32 {
		return complain("SHA256 is %q; a package without one cannot be verified", v[fieldSHA256])
	}
	size, err := strconv.ParseInt(v[fieldSize], 10, 64)
	if err != nil || size <= 0 {
		return complain("Size is %q", v[fieldSize])
	}
	p.Size = size
	if !filepath.IsLocal(p.Filename) {
		return complain("Filename %q is not a path inside the repository", p.Filename)
	}
	return p, nil
}
