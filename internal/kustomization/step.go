package kustomization

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// step is what a kustomization's transformers do, one after the other: kustomize's own by their
// configuration, or what Airship's wrote into documents.
type step struct {
	builtin *tree.Node
	// changes by kind, namespace and name of the document.
	changes map[string][]write
}

func keyOf(id identity) string { return id.kind + "/" + id.namespace + "/" + id.name }

// writes of a step to a resource, the latest first.
func (s step) writes(b *build, r *root, id identity) []write {
	if s.builtin == nil {
		var all []write
		for _, name := range id.names {
			other := id
			other.name = name
			if changes := s.changes[keyOf(other)]; len(changes) > 0 {
				all = slices.Clone(changes)
				slices.Reverse(all)
				break
			}
		}
		return all
	}
	var all []patch
	switch s.builtin.Get("kind").String() {
	case "PatchTransformer", "PatchJson6902Transformer":
		for _, field := range []string{"path", "patch", "jsonOp"} {
			all = append(all, b.patchesOf(r, field, s.builtin.Get(field), s.builtin.Get("target"))...)
		}
	case "PatchStrategicMergeTransformer":
		if paths := s.builtin.Get("paths"); paths.IsList() {
			for _, path := range paths.Content {
				all = append(all, b.patchesOf(r, "path", path, nil)...)
			}
		}
		all = append(all, b.patchesOf(r, "patches", s.builtin.Get("patches"), nil)...)
	}
	var writes []write
	for _, p := range slices.Backward(all) {
		writes = append(writes, p.writes(id)...)
	}
	return writes
}
