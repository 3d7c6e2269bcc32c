package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Changes are the files that point a site at its images. Nothing is written before Write.
type Changes struct {
	// Files that change or are new, sorted by name. None: every document points at its image already.
	Files []Change
	// Done are the documents that point at the images.
	Done []Done
	// Warnings are FILE:LINE: FIELD: text.
	Warnings []string

	// read are the files that the changes follow from, as they were.
	read []*file
	// secrets are what no diff shows.
	secrets []string
}

// Change is a file before and after.
type Change struct {
	Name string
	// Before is nil for a new file.
	Before, After []byte
}

// Point decides which documents change, and how. It writes nothing. The error holds all mistakes, with file and line.
func (s *Site) Point(ctx context.Context, images []Image, request Request, output Output) (*Changes, error) {
	there, err := readRecord(output.Directory)
	if err != nil {
		return nil, err
	}
	wrote := *there
	report := &tree.Report{}
	p := &planner{documents: s.documents, images: images, report: report, open: func(d *document, report *tree.Report) bool { return s.open(ctx, d, report) }}
	if err := p.plan(request, output, there); err != nil {
		return nil, s.withUnread(err)
	}
	p.settle()
	o := &outcome{site: s, changes: &Changes{Done: p.done, Warnings: report.Warnings}, created: p.absent, form: output.Form, there: there, wrote: wrote}
	if err := o.sort(p.plans, output); err != nil {
		return nil, err
	}
	if err := o.files(ctx, output); err != nil {
		return nil, err
	}
	if err := o.patches(output.Directory); err != nil {
		return nil, err
	}
	if err := o.record(); err != nil {
		return nil, err
	}
	o.finish()
	return o.changes, nil
}

// withUnread adds what is wrong with files that were passed over: what is missing may be in one.
func (s *Site) withUnread(err error) error {
	found := mistake.All(err)
	for _, f := range s.files {
		found = append(found, f.mistakes...)
	}
	return mistake.Join(found)
}

// outcome turns plans into files.
type outcome struct {
	site    *Site
	changes *Changes
	form    Form
	// edited are changed in the texts of their files, copied as whole documents, patched by kustomize.
	edited, copied, patched []*planned
	created                 []*Image
	// wrote is the record of the output directory as it was, there as it is to be.
	wrote record
	there *record
	// always: the kustomization is written even if it only lists new documents.
	always bool
}

// sort says how each plan is carried out.
func (o *outcome) sort(plans []*planned, output Output) error {
	o.always = output.Form == Patch
	var mistakes []*mistake.Mistake
	for _, plan := range plans {
		d := plan.document
		if !plan.changed && !plan.recorded {
			continue
		}
		switch {
		case output.Form == Patch && d.patch:
			mistakes = append(mistakes, wrong(d, "is a patch itself, and a patch over it has no effect; change it in place, or name the document that it lies over"))
		case output.Form == Patch:
			o.patched = append(o.patched, plan)
		case d.origin == written:
			o.edited = append(o.edited, plan)
		case d.origin == rendered && output.Form == Directory:
			o.copied = append(o.copied, plan)
		case output.Directory != "":
			o.patched = append(o.patched, plan)
		case d.origin == rendered:
			mistakes = append(mistakes, wrong(d, "is rendered from %s by a kustomization and cannot be changed in place: what it is made of may make others, too; "+
				"take the form patch, or directory, or name a directory for patches", d.from))
		default:
			mistakes = append(mistakes, wrong(d, "is made of this entry by a template, and the entry has no image; take the form patch, or name a directory for patches"))
		}
	}
	for _, image := range o.created {
		if output.Directory == "" {
			mistakes = append(mistakes, &mistake.Mistake{Problem: fmt.Sprintf("the AirshipImage %s is in none of the documents; name a directory, in which it is written with its status", image.name())})
		}
	}
	return mistake.Join(mistakes)
}

// files are those of edited and copied documents.
func (o *outcome) files(ctx context.Context, output Output) error {
	var mistakes []*mistake.Mistake
	for _, f := range o.site.files {
		sets := map[int][]set{}
		var plan *planned
		for _, edited := range o.edited {
			if edited.document.file == f {
				plan, sets[edited.document.index] = edited, edited.sets
			}
		}
		if plan == nil {
			continue
		}
		after, err := o.edit(ctx, f, plan, sets)
		if err != nil {
			found := mistake.All(err)
			if len(found) == 0 {
				return err
			}
			mistakes = append(mistakes, found...)
			continue
		}
		if output.Form == Directory {
			name := filepath.Join(output.Directory, f.relative)
			mistakes = append(mistakes, o.others(name, o.site.in(f), false)...)
			o.put(name, after)
			continue
		}
		o.changes.Files = append(o.changes.Files, Change{Name: f.name, Before: f.data, After: after})
	}
	for _, plan := range o.copied {
		d := plan.document
		node := clone(d.node)
		if t := apply(node, plan.sets); t != nil {
			mistakes = append(mistakes, wrong(d, "%s", t.problem))
			continue
		}
		data, err := yamlOf(node)
		if err != nil {
			return fmt.Errorf("write %s: %w", d.title(), err)
		}
		name := filepath.Join(output.Directory, patchName(d.kind, d.namespace, d.name))
		mistakes = append(mistakes, o.others(name, []*document{d}, false)...)
		o.put(name, data)
	}
	return mistake.Join(mistakes)
}

// edit is a file's text with the changes of its documents.
func (o *outcome) edit(ctx context.Context, f *file, plan *planned, sets map[int][]set) ([]byte, error) {
	if f.encrypted {
		return o.site.seal(ctx, plan)
	}
	after, err := splice(f.data, sets)
	var t *trouble
	switch {
	case errors.As(err, &t):
		return nil, &mistake.Mistake{File: f.name, Line: t.line, Column: t.column, Problem: t.problem}
	case err != nil:
		return nil, wrong(plan.document, "%s", errLayout)
	}
	return after, nil
}

// put is a file of the output directory, if it is not as it should be already.
func (o *outcome) put(name string, after []byte) {
	o.changes.Files = append(o.changes.Files, Change{Name: name, Before: existing(name), After: after})
}

// existing is what is in a file; nil where there is none.
func existing(name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	if data == nil {
		data = []byte{}
	}
	return data
}

func (o *outcome) finish() {
	c := o.changes
	c.Files = slices.DeleteFunc(c.Files, func(change Change) bool { return change.Before != nil && bytes.Equal(change.Before, change.After) })
	slices.SortStableFunc(c.Files, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range o.site.files {
		used := func(p *planned) bool { return p.document.file == f }
		if slices.ContainsFunc(o.edited, used) || slices.ContainsFunc(o.patched, used) {
			c.read = append(c.read, f)
		}
	}
	for _, d := range o.site.documents {
		c.secrets = append(c.secrets, secrets(d.root)...)
	}
}
