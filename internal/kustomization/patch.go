package kustomization

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// patch is one patch of a kustomization: either a document to merge or JSON6902 operations.
type patch struct {
	document, operations *tree.Node
	// target selects resources; nil where the document's own kind and name do.
	target *tree.Node
}

// patches are those of a kustomization's own fields, in kustomize's order.
func (b *build) patches(r *root) []patch {
	var all []patch
	if r.tree == nil {
		return nil
	}
	for _, element := range r.elements("patchesStrategicMerge") {
		field := "path"
		if isInline(element.String()) {
			field = "patch"
		}
		all = append(all, b.patchesOf(r, field, element, nil)...)
	}
	for _, list := range []string{"patches", "patchesJson6902"} {
		for _, element := range r.elements(list) {
			for _, field := range []string{"path", "patch"} {
				all = append(all, b.patchesOf(r, field, element.Get(field), element.Get("target"))...)
			}
		}
	}
	return all
}

// patchesOf are the patches in a text, which is a path or the patch itself.
func (b *build) patchesOf(r *root, field string, text, target *tree.Node) []patch {
	if text.String() == "" {
		return nil
	}
	// What is wrong with them is reported by the walk and by kustomize.
	quiet := &build{disk: b.disk, report: &tree.Report{}}
	var documents []*tree.Node
	if field == "path" {
		path := text.Value
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.directory, path)
		}
		if real, err := realPath(path); err == nil {
			documents = quiet.parse(real)
		}
	} else {
		documents = quiet.inline(text)
	}
	var all []patch
	for _, document := range documents {
		if document.IsList() {
			all = append(all, patch{operations: document, target: target})
		} else {
			all = append(all, patch{document: document, target: target})
		}
	}
	return all
}

// writes of a patch to a resource, the latest first.
func (p patch) writes(id identity) []write {
	switch {
	case p.target != nil && !id.selected(p.target), p.target == nil && (p.document == nil || !id.named(p.document)):
		return nil
	case p.document != nil:
		return []write{{node: withoutIdentity(p.document)}}
	}
	var writes []write
	for _, operation := range slices.Backward(p.operations.Content) {
		value := operation.Get("value")
		op := operation.Get("op").String()
		if value == nil || op != "add" && op != "replace" {
			continue
		}
		writes = append(writes, write{path: pointer(operation.Get("path").String()), node: value, added: op == "add"})
	}
	return writes
}

// pointer is a JSON pointer's path (RFC 6901).
func pointer(text string) []string {
	if text == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(text, "/"), "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps
}

// withoutIdentity is a patch without what only says which resource it is for.
func withoutIdentity(document *tree.Node) *tree.Node {
	out := document.Without("apiVersion").Without("kind")
	if key, metadata := out.Field("metadata"); metadata.IsMapping() {
		out = out.With(key, metadata.Without("name"))
	}
	return out
}
