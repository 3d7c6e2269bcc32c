package kustomization

import (
	"encoding/base64"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// generators are the kustomization's own of ConfigMaps and Secrets. One of them made the resource
// where its name is the resource's.
func (h *history) generators(r *root, id identity) bool {
	list := map[string]string{"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}[id.kind]
	if list == "" {
		return false
	}
	made := false
	for _, g := range slices.Backward(r.elements(list)) {
		if !slices.Contains(id.names, g.Get("name").String()) {
			continue
		}
		h.generated(r, g, id)
		behavior := g.Get("behavior").String()
		if id.generated && h.id.file == r.file && (behavior == "" || behavior == "create") {
			h.found, made = true, true
			break
		}
	}
	return made
}

func (h *history) generated(r *root, g *tree.Node, id identity) {
	data := func(key, value string, at tree.Place) {
		if id.kind == "Secret" {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		h.writes = append(h.writes, write{path: []string{"data", key}, node: tree.Text(value, at)})
	}
	if literals := g.Get("literals"); literals.IsList() {
		for _, literal := range literals.Content {
			key, value, _ := strings.Cut(literal.Value, "=")
			data(key, strings.Trim(value, `"'`), literal.Place)
		}
	}
	if files := g.Get("files"); files.IsList() {
		for _, file := range files.Content {
			key, path, with := strings.Cut(file.Value, "=")
			if !with {
				key, path = filepath.Base(file.Value), file.Value
			}
			real, err := realPath(filepath.Join(r.directory, path))
			if err != nil {
				continue
			}
			data(key, string(h.b.disk.files[real]), tree.Place{File: h.b.disk.name(real), Line: 1, Column: 1})
		}
	}
	h.writes = append(h.writes, write{path: []string{"metadata", "name"}, node: g.Get("name")}, write{node: tree.Mapping(g.Place)})
}

// replacements of kustomize's own; those that put a whole value are followed to where it comes from.
func (h *history) replacements(r *root, id identity) {
	h.listed(r, r.tree.Get("replacements"), id)
}

// listed are replacements in a list, which may name files of them.
func (h *history) listed(r *root, list *tree.Node, id identity) {
	if !list.IsList() {
		return
	}
	for _, element := range slices.Backward(list.Content) {
		all := []*tree.Node{element}
		if path := element.Get("path").String(); path != "" {
			real, err := realPath(filepath.Join(r.directory, path))
			if err != nil {
				continue
			}
			all = h.b.replacementsIn(real)
		}
		for _, one := range slices.Backward(all) {
			h.replacement(one, id)
			h.flow(one, id)
		}
	}
}

// replacementsIn are those of a file, the same nodes each time.
func (b *build) replacementsIn(real string) []*tree.Node {
	if known, ok := b.lists[real]; ok {
		return known
	}
	quiet := &build{disk: b.disk, report: &tree.Report{}}
	var all []*tree.Node
	for _, document := range quiet.parse(real) {
		if document.IsList() {
			all = append(all, document.Content...)
		} else {
			all = append(all, document)
		}
	}
	b.lists[real] = all
	return all
}

func (h *history) replacement(one *tree.Node, id identity) {
	value := one.Get("sourceValue")
	if source := one.Get("source"); source != nil && h.replaced != nil && source.Get("options").IsNull() {
		value = h.replaced(source)
	}
	targets := one.Get("targets")
	if value == nil || !targets.IsList() {
		return
	}
	for _, target := range targets.Content {
		paths := target.Get("fieldPaths")
		if !target.Get("select").IsMapping() || !id.selected(target.Get("select")) || !paths.IsList() {
			continue
		}
		for _, path := range paths.Content {
			if steps, ok := plainPath(path.String()); ok {
				h.writes = append(h.writes, write{path: steps, node: value})
			}
		}
	}
}

// plainPath splits a field path of kustomize's where it has no selections, of which the values have the
// places of what is written there in the file; that they are secret is told by flow.
func plainPath(text string) ([]string, bool) {
	if text == "" || strings.ContainsAny(text, "[]*\\") {
		return nil, false
	}
	return strings.Split(text, "."), true
}
