package kustomization

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// history collects the writes that made a resource, the latest first.
type history struct {
	b  *build
	id identity
	// replaced finds what a replacement of kustomize's own writes.
	replaced func(source *tree.Node) *tree.Node
	writes   []write
	// flows are the replacements that may have written into the resource.
	flows []flow
	// found: the resource's own file was met.
	found bool
}

// root adds what r and all it lists write to the resource; false where it does not come from there.
func (h *history) root(r *root, id identity) bool {
	here, below, ok := id.in(r)
	if !ok && !r.component {
		return false
	}
	kept, flowed := len(h.writes), len(h.flows)
	for _, s := range slices.Backward(r.steps) {
		if s.builtin.Get("kind").String() == "ReplacementTransformer" {
			h.listed(r, s.builtin.Get("replacements"), here)
		}
		h.writes = append(h.writes, s.writes(h.b, r, here)...)
	}
	h.replacements(r, here)
	h.patches(r, here, "patchesJson6902")
	h.settings(r)
	h.patches(r, below, "patches")
	h.patches(r, below, "patchesStrategicMerge")

	from := false
	for _, e := range slices.Backward(r.components) {
		from = h.entry(e, below) || from
	}
	from = h.generators(r, below) || from
	for _, e := range slices.Backward(r.resources) {
		if from {
			break
		}
		from = h.entry(e, below)
	}
	if !from && !r.component {
		h.writes, h.flows = h.writes[:kept], h.flows[:flowed]
	}
	return from
}

func (h *history) entry(e entry, id identity) bool {
	if e.root != nil {
		return h.root(e.root, id)
	}
	if e.file != h.id.file || id.generated {
		return false
	}
	document := original(e.documents, id)
	if document == nil {
		document = tree.Mapping(tree.Place{File: h.b.disk.name(e.file)})
	}
	h.writes = append(h.writes, write{node: document})
	h.found = true
	return true
}

// original is the document of a file that became a resource: of its kind and name, or the only one of
// its kind whose name is part of the resource's.
func original(documents []*tree.Node, id identity) *tree.Node {
	var near []*tree.Node
	for _, document := range documents {
		other := identityOf(document)
		if other.kind != id.kind {
			continue
		}
		if other.name == id.name && (other.namespace == id.namespace || id.namespace == "" || other.namespace == "") {
			return document
		}
		if strings.Contains(id.name, other.name) {
			near = append(near, document)
		}
	}
	if len(near) == 1 {
		return near[0]
	}
	return nil
}

func (h *history) patches(r *root, id identity, list string) {
	var all []patch
	for _, element := range r.elements(list) {
		if list == "patchesStrategicMerge" {
			field := "path"
			if isInline(element.String()) {
				field = "patch"
			}
			all = append(all, h.b.patchesOf(r, field, element, nil)...)
			continue
		}
		for _, field := range []string{"path", "patch"} {
			all = append(all, h.b.patchesOf(r, field, element.Get(field), element.Get("target"))...)
		}
	}
	for _, p := range slices.Backward(all) {
		h.writes = append(h.writes, p.writes(id)...)
	}
}

// settings are fields of the kustomization that set metadata.
func (h *history) settings(r *root) {
	metadata := func(field string, node *tree.Node) {
		if !node.IsNull() {
			h.writes = append(h.writes, write{path: []string{"metadata", field}, node: node})
		}
	}
	metadata("annotations", r.tree.Get("commonAnnotations"))
	metadata("labels", r.tree.Get("commonLabels"))
	for _, label := range slices.Backward(r.elements("labels")) {
		metadata("labels", label.Get("pairs"))
	}
	metadata("namespace", r.tree.Get("namespace"))
}

// fileOf is the real path of an origin that kustomize tells relative to a root.
func (r *root) fileOf(path string) string {
	path = filepath.Join(r.directory, filepath.FromSlash(path))
	if real, err := realPath(path); err == nil {
		return real
	}
	if _, err := os.Lstat(path); err != nil {
		return path
	}
	return path
}
