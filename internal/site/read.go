package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Source says where a site's documents are.
type Source struct {
	// Documents are files, directories and globs. A directory stands for all *.yaml and *.yml files in it, at any depth,
	// without hidden ones.
	Documents []string `json:"documents,omitempty"`
	// Kustomizations are directories that are rendered, for the documents that they generate or rename. Those are changed by
	// patches, or as copies.
	Kustomizations []string `json:"kustomizations,omitempty"`
}

// maxFiles bounds how many files a site has.
const maxFiles = 20_000

// Site is the documents of a site, as they were when they were read.
type Site struct {
	files     []*file
	documents []*document
	// tool sets values in encrypted files.
	tool sops.Tool
}

// Read reads a site's documents. Files of a directory that are no YAML are passed over, as long as nothing is missing.
func Read(ctx context.Context, source Source) (*Site, error) {
	r := &reader{ctx: ctx, site: &Site{}, seen: map[string]bool{}, report: &tree.Report{}}
	if len(source.Documents) == 0 && len(source.Kustomizations) == 0 {
		r.report.Mistake(tree.Place{}, "no documents are named; want files, directories or globs")
	}
	for _, path := range source.Documents {
		r.path(path)
	}
	r.relate()
	r.markPatches()
	for _, directory := range source.Kustomizations {
		r.kustomization(directory)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if err := r.report.Err(); err != nil {
		return nil, err
	}
	return r.site, nil
}

type reader struct {
	ctx    context.Context
	site   *Site
	report *tree.Report
	seen   map[string]bool
	// bases are the directories that paths were named in.
	bases []string
}

// path reads what one path of the operator's leads to.
func (r *reader) path(path string) {
	info, err := os.Stat(path)
	switch {
	case path == "":
		r.report.Mistake(tree.Place{}, "an empty path; want a file, a directory or a glob")
	case err == nil && info.IsDir():
		r.bases = append(r.bases, path)
		r.directory(path)
	case err == nil:
		r.bases = append(r.bases, filepath.Dir(path))
		r.file(path, true)
	case strings.ContainsAny(path, "*?["):
		r.glob(path)
	default:
		r.report.Mistake(tree.Place{File: path}, "%s", reason(err))
	}
}

func (r *reader) glob(pattern string) {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		r.report.Mistake(tree.Place{File: pattern}, "is not a valid glob")
		return
	}
	count := len(r.site.files)
	base := filepath.Dir(pattern)
	for strings.ContainsAny(base, "*?[") {
		base = filepath.Dir(base)
	}
	for _, match := range matches {
		if info, err := os.Stat(match); err == nil && info.Mode().IsRegular() {
			r.file(match, true)
		}
	}
	if len(r.site.files) == count && !slices.ContainsFunc(matches, func(match string) bool { return r.seen[filepath.Clean(match)] }) {
		r.report.Mistake(tree.Place{File: pattern}, "no file matches")
		return
	}
	r.bases = append(r.bases, base)
}

func (r *reader) directory(directory string) {
	count := 0
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case path != directory && strings.HasPrefix(name, ".") && entry.IsDir():
			return fs.SkipDir
		case strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml"):
			return nil
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			count++
			r.file(path, false)
		}
		if len(r.site.files) > maxFiles {
			return fmt.Errorf("holds more than %d files", maxFiles)
		}
		return nil
	})
	switch {
	case err != nil:
		r.report.Mistake(tree.Place{File: directory}, "%s", reason(err))
	case count == 0:
		r.report.Mistake(tree.Place{File: directory}, "the directory holds no *.yaml or *.yml file")
	}
}

// file reads a file, once. What is wrong with one that was named is a mistake; of others it is kept until something is missing.
func (r *reader) file(path string, named bool) {
	path = filepath.Clean(path)
	if r.seen[path] {
		return
	}
	r.seen[path] = true
	data, err := load(path)
	if err != nil {
		r.report.Mistake(tree.Place{File: path}, "%s", reason(err))
		return
	}
	f := &file{name: path, data: data, encrypted: sops.Encrypted(data)}
	report := &tree.Report{}
	documents := parse(path, data, report)
	if f.encrypted {
		documents = r.opened(f, documents, report)
	}
	if named {
		r.report.Add(report)
	} else {
		f.mistakes = report.Mistakes
	}
	r.site.files = append(r.site.files, f)
	for i, d := range documents {
		d.file, d.index = f, i
		r.site.documents = append(r.site.documents, d)
	}
}

// parse is the documents of a text, none where any of it is wrong.
func parse(name string, data []byte, report *tree.Report) []*document {
	if tree.Blank(data) {
		return nil
	}
	trees := tree.Parse(name, data, report)
	nodes, err := roots(data)
	if err != nil || len(nodes) != len(trees) {
		return nil // the report has it
	}
	var all []*document
	for i, root := range trees {
		all = append(all, newDocument(root, nodes[i]))
	}
	return all
}

// opened is the documents of an encrypted file whose kinds and names are encrypted, too, if its key is here.
func (r *reader) opened(f *file, documents []*document, report *tree.Report) []*document {
	if !slices.ContainsFunc(documents, func(d *document) bool { return isSealed(d.kind) || isSealed(d.name) }) {
		return documents
	}
	clear, err := r.site.tool.Decrypt(r.ctx, f.name, f.data)
	if err != nil {
		report.Mistakes = append(report.Mistakes, mistake.All(err)...)
		return documents
	}
	return parse(f.name, clear.Text, &tree.Report{})
}

// relate says where each file's copy goes: below the directory that all named ones have in common.
func (r *reader) relate() {
	common := ""
	for i, base := range r.bases {
		absolute, err := filepath.Abs(base)
		if err != nil {
			continue
		}
		if i == 0 {
			common = absolute
		}
		for !beneath(absolute, common) {
			common = filepath.Dir(common)
		}
	}
	for _, f := range r.site.files {
		f.relative = filepath.Base(f.name)
		if absolute, err := filepath.Abs(f.name); err == nil {
			if relative, err := filepath.Rel(common, absolute); err == nil && filepath.IsLocal(relative) {
				f.relative = relative
			}
		}
	}
}

func beneath(path, directory string) bool {
	relative, err := filepath.Rel(directory, path)
	return err == nil && (relative == "." || filepath.IsLocal(relative)) || directory == filepath.Dir(directory)
}

func load(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is neither a file nor a directory")
	case info.Size() > tree.MaxText:
		return nil, fmt.Errorf("is larger than %d KiB, too large for a document", tree.MaxText>>10)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, tree.MaxText+1))
}

// reason is err without the path, which a message names already.
func reason(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file or directory"
	case errors.As(err, &path):
		return path.Err.Error()
	case errors.As(err, &link):
		return link.Err.Error()
	}
	return err.Error()
}

// Has says whether one of the documents is of a kind and name; any name where that is empty.
func (s *Site) Has(kind, name string) bool {
	return slices.ContainsFunc(s.documents, func(d *document) bool { return d.kind == kind && (name == "" || d.name == name) })
}
