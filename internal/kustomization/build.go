package kustomization

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Options of Build.
type Options struct {
	// Read changes what a file holds before it is used, such as to decrypt it; path is the file as the
	// operator would name it. nil leaves all as it is. An error that is no mistake.Mistake becomes one at
	// the head of the file.
	Read func(path string, data []byte) ([]byte, error)
	// Secret says whether the value at a place of a file, in what Read gave, was encrypted. Such values are
	// secret wherever they are copied, in part, too. nil for none.
	Secret func(at tree.Place) bool
}

// Rendered is what a kustomization root gives.
type Rendered struct {
	// Documents in kustomize's order.
	Documents []*Document
	// Files are all that were read, as the operator would name them, sorted.
	Files []string
	// Warnings are FILE:LINE:COLUMN: text.
	Warnings []string
}

// Document is one rendered document.
type Document struct {
	// Text is the document as YAML. Places in it mean nothing to whoever wrote the sources.
	Text []byte
	// Root is the document; every key and value in it has the place where it was written. A value that
	// is made of several, such as a mapping that a patch adds to, has the place of the first.
	Root *tree.Node
	// File is what the resource comes from, as the operator would name it; Directory is its directory,
	// where relative paths in it start.
	File, Directory string
}

// Origin is where the value at a path of keys and list indices was written, or else the nearest value
// around it; false where even the document's own file is not known.
func (d *Document) Origin(path []string) (tree.Place, bool) {
	at := d.Root.Place
	node := d.Root
	for _, step := range path {
		_, node = child(node, step)
		if node == nil {
			break
		}
		if node.Place.File != "" {
			at = node.Place
		}
	}
	return at, at.File != ""
}

// Build renders the kustomization in directory. Its error holds all that is wrong, as mistake.Mistakes.
func Build(ctx context.Context, directory string, options Options) (*Rendered, error) {
	real, err := realPath(directory)
	if err != nil {
		return nil, &mistake.Mistake{File: directory, Problem: "there is no such directory"}
	}
	b := &build{
		disk:    newDisk(ctx, directory, real, options.Read),
		report:  &tree.Report{},
		roots:   map[string]*root{},
		virtual: map[string]virtual{},
		digests: newDigests(),
		hidden:  options.Secret,
		lists:   map[string][]*tree.Node{},
	}
	if b.hidden == nil {
		b.hidden = func(tree.Place) bool { return false }
	}
	if !IsRoot(directory) {
		return nil, &mistake.Mistake{File: directory, Problem: "holds no kustomization.yaml"}
	}
	top := b.walk(real, nil)
	if err := b.err(); err != nil {
		return nil, err
	}
	if err := b.evaluate(top); err != nil {
		return nil, err
	}
	documents, err := b.render(top, top.final, false)
	if err != nil {
		return nil, err
	}
	return &Rendered{Documents: documents, Files: b.disk.names(), Warnings: distinct(b.report.Warnings)}, nil
}

// build is one Build.
type build struct {
	disk   *disk
	report *tree.Report
	// roots by their real directory.
	roots map[string]*root
	// virtual are the files that stand for what a function generates, by path.
	virtual map[string]virtual
	digests *digests
	// hidden says whether the value at a place was encrypted.
	hidden func(tree.Place) bool
	// lists are replacements in files of their own, by real path.
	lists map[string][]*tree.Node
}

// virtual is a file that exists for the library alone.
type virtual struct {
	text []byte
	// at is where what made it was written.
	at tree.Place
}

// err is what the walk found wrong, or why it was stopped.
func (b *build) err() error {
	if err := b.disk.ctx.Err(); err != nil {
		return err
	}
	return b.report.Err()
}

// wrong is one mistake at a place.
func wrong(at tree.Place, format string, args ...any) *mistake.Mistake {
	return &mistake.Mistake{
		File: at.File, Line: at.Line, Column: at.Column, Field: at.Field, Problem: fmt.Sprintf(format, args...),
	}
}

func distinct(texts []string) []string {
	var out []string
	for _, text := range texts {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// beneath says whether path is directory or in it, at any depth. Both are clean.
func beneath(path, directory string) bool {
	rest, ok := strings.CutPrefix(path, directory)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(directory, string(filepath.Separator)))
}
