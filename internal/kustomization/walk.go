package kustomization

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Bounds of the tree of kustomizations; one that is listed several times is read as often.
const (
	maxDepth  = 40
	maxVisits = 10_000
)

// walk reads the kustomization in a real directory and all that it lists; chain are those that led
// here. It reports what the library would refuse, fetch or run, before the library sees any of it.
func (b *build) walk(directory string, chain []*root) *root {
	if r, known := b.roots[directory]; known {
		return r
	}
	files := kustomizationFiles(directory)
	r := &root{directory: directory, name: b.disk.name(files[0]), visits: 1}
	b.roots[directory] = r
	var err error
	if r.file, err = realPath(files[0]); err != nil || !beneath(r.file, directory) {
		b.report.Mistake(tree.Place{File: r.name}, "is a link out of its directory, which kustomize does not follow")
		return r
	}
	if len(files) > 1 {
		b.report.Mistake(tree.Place{File: b.disk.name(files[1])}, "%s is here, too; keep one", filepath.Base(files[0]))
		return r
	}
	documents := b.parse(r.file)
	if len(documents) != 1 || !documents[0].IsMapping() {
		if b.report.Err() == nil {
			b.report.Mistake(tree.Place{File: r.name}, "is not a kustomization; want one mapping with resources")
		}
		return r
	}
	r.tree = documents[0]
	r.final = r.tree
	r.component = r.text("kind") == types.ComponentKind
	b.fields(r)
	b.files(r)

	chain = append(slices.Clone(chain), r)
	r.resources = b.entries(r, chain, "resources", false)
	r.resources = append(r.resources, b.entries(r, chain, "bases", false)...)
	r.components = b.entries(r, chain, "components", false)
	r.generators = b.entries(r, chain, "generators", true)
	r.transformers = b.entries(r, chain, "transformers", true)
	r.validators = b.entries(r, chain, "validators", true)
	for _, below := range r.below() {
		r.visits = min(maxVisits+1, r.visits+below.visits)
	}
	if r.visits > maxVisits {
		b.report.Mistake(r.tree.Place, "lists kustomizations that list each other %d times or more", maxVisits)
	}
	for _, e := range r.components {
		if e.root != nil && e.root.tree != nil && !e.root.component {
			b.report.Mistake(e.node.Place, "%s is no component; list it in resources", e.node.Value)
		}
	}
	for _, e := range r.resources {
		if e.root != nil && e.root.component {
			b.report.Mistake(e.node.Place, "%s is a component; list it in components", e.node.Value)
		}
	}
	return r
}

// parse is the documents of a real file, its mistakes reported.
func (b *build) parse(path string) []*tree.Node {
	data, err := b.disk.load(path)
	if err != nil {
		b.fail(err)
		return nil
	}
	if tree.Blank(data) {
		return nil
	}
	return tree.Parse(b.disk.name(path), spaced(data), b.report)
}

// spaced is JSON with its tabs as spaces, which makes it YAML; other texts stay as they are.
func spaced(data []byte) []byte {
	if start := bytes.TrimSpace(data); len(start) == 0 || start[0] != '{' && start[0] != '[' || !json.Valid(data) {
		return data
	}
	return bytes.ReplaceAll(data, []byte("\t"), []byte(" "))
}

// fail reports an error of load; that the build was stopped is said by err.
func (b *build) fail(err error) { b.report.Mistakes = append(b.report.Mistakes, mistake.All(err)...) }

// refusedFields of a kustomization make the library run programs.
var refusedFields = []string{"helmCharts", "helmChartInflationGenerator", "helmGlobals"}

// fields reports fields that a kustomization does not have.
func (b *build) fields(r *root) {
	known := []string{"apiVersion", "kind"}
	for f := range reflect.TypeFor[types.Kustomization]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			known = append(known, name)
		}
	}
	r.tree.Fields(func(key, value *tree.Node) {
		switch {
		case slices.Contains(refusedFields, key.Value):
			b.report.Mistake(key.Place, "Helm charts are not rendered here, since that runs helm; "+
				"render the chart to a file with `helm template` and list the file in resources")
		case !slices.Contains(known, key.Value):
			suggestion := ""
			if near := mistake.Near(key.Value, known); near != "" {
				suggestion = "; did you mean " + near + "?"
			}
			b.report.Mistake(key.Place, "unknown field of a kustomization%s", suggestion)
		}
	})
}

// entries reads what a list of the kustomization names. Functions may stand in the list itself.
func (b *build) entries(r *root, chain []*root, list string, functions bool) []entry {
	var entries []entry
	for _, node := range r.elements(list) {
		e := entry{node: node}
		text := node.String()
		switch {
		case text == "":
			b.report.Mistake(node.Place, "want a file or a directory")
			continue
		case functions && strings.Contains(text, "\n"):
			e.documents = b.inline(node)
		case remote(text):
			b.report.Mistake(node.Place, "%s is remote; nothing is fetched here: copy it beside the documents and name the copy", mistake.Word(text))
			continue
		case !b.local(r, chain, &e, list == "components"):
			continue
		}
		entries = append(entries, e)
	}
	return entries
}

// local reads the file or directory that an entry names.
func (b *build) local(r *root, chain []*root, e *entry, component bool) bool {
	text := e.node.Value
	path := text
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.directory, path)
	}
	real, err := realPath(path)
	if err != nil {
		b.missing(e.node, path)
		return false
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		b.report.Mistake(e.node.Place, "%s cannot be read: %s", text, reason(err))
		return false
	case !info.IsDir() && component:
		b.report.Mistake(e.node.Place, "%s is a file; a component is a directory with a kustomization.yaml", text)
		return false
	case !info.IsDir():
		if !b.inside(r, e.node, real) {
			return false
		}
		e.file, e.documents = real, items(b.parse(real))
		b.resources(e.documents)
		return true
	case filepath.IsAbs(text):
		b.report.Mistake(e.node.Place, "%s is absolute; kustomize takes directories relative to the kustomization", text)
		return false
	case len(kustomizationFiles(real)) == 0:
		b.report.Mistake(e.node.Place, "the directory %s holds no kustomization.yaml", text)
		return false
	case len(chain) >= maxDepth:
		b.report.Mistake(e.node.Place, "more than %d kustomizations lead here", maxDepth)
		return false
	}
	for i, earlier := range chain {
		if beneath(earlier.directory, real) {
			b.cycle(e.node, chain[i:], real)
			return false
		}
	}
	e.root = b.walk(real, chain)
	return e.root.tree != nil
}

// cycle reports a kustomization that lists one that led to it, or a directory around that.
func (b *build) cycle(node *tree.Node, chain []*root, target string) {
	if chain[0].directory != target {
		b.report.Mistake(node.Place, "%s is around %s, which leads here; kustomize takes no directory from within it",
			node.Value, filepath.Dir(chain[0].name))
		return
	}
	var names []string
	for _, r := range chain {
		names = append(names, filepath.Dir(r.name))
	}
	names = append(names, filepath.Dir(chain[0].name))
	b.report.Mistake(node.Place, "kustomizations that lead to themselves: %s", strings.Join(names, " → "))
}

// missing reports a path that leads nowhere, with a name that is there and near.
func (b *build) missing(node *tree.Node, path string) {
	var known []string
	if near, err := os.ReadDir(filepath.Dir(path)); err == nil {
		for _, one := range near {
			known = append(known, one.Name())
		}
	}
	suggestion := ""
	if near := mistake.Near(filepath.Base(path), known); near != "" {
		suggestion = "; did you mean " + filepath.ToSlash(filepath.Join(filepath.Dir(node.Value), near)) + "?"
	}
	b.report.Mistake(node.Place, "there is no file or directory %s%s", mistake.Word(node.Value), suggestion)
}

// inside reports a file that kustomize would not read for its place.
func (b *build) inside(r *root, node *tree.Node, real string) bool {
	if beneath(real, r.directory) {
		return true
	}
	b.report.Mistake(node.Place, "%s is outside of %s; kustomize reads files only in or below the kustomization's directory: "+
		"give that place a kustomization.yaml of its own and list the directory", mistake.Word(node.Value), filepath.Dir(r.name))
	return false
}

// items are documents with those of a List, as of `kubectl get`, in its place.
func items(documents []*tree.Node) []*tree.Node {
	var all []*tree.Node
	for _, document := range documents {
		list := document.Get("items")
		if strings.HasSuffix(document.Get("kind").String(), "List") && list.IsList() {
			all = append(all, list.Content...)
		} else {
			all = append(all, document)
		}
	}
	return all
}

// resources reports documents that kustomize takes for no resources.
func (b *build) resources(documents []*tree.Node) {
	for _, document := range documents {
		if document.Get("kind").String() == "" || document.Get("metadata", "name").IsNull() {
			b.report.Mistake(document.Place, "is no resource; want apiVersion, kind and metadata.name")
		}
	}
}
