package site

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Files in an output directory are of this build and of others: those of a site's other profiles, which change the same catalogue. So what is there
// is changed, and not made anew.

// kept changes what is in a file of the output directory, an earlier run's copy of documents. base is the source that a copy is made of, after it with
// these changes: what it is where there is no such file.
func (o *outcome) kept(name string, base, after []byte, sets map[int][]set) ([]byte, error) {
	before := existing(name)
	if before == nil || bytes.Equal(before, after) {
		return after, nil
	}
	if err := sameDocuments(name, before, base); err != nil {
		return nil, err
	}
	changed, err := splice(before, sets)
	if err != nil {
		return nil, &mistake.Mistake{File: name, Problem: fmt.Sprintf("cannot be changed: %s; remove it, and it is made anew", err)}
	}
	if !bytes.Equal(changed, after) {
		o.changes.Warnings = append(o.changes.Warnings, name+": keeps what it says besides this image, as other builds may have set it; remove it to have it made anew")
	}
	return changed, nil
}

// sameDocuments refuses to change a file that holds other documents.
func sameDocuments(name string, there, want []byte) error {
	report := &tree.Report{}
	are, wanted := parse(name, there, report), parse(name, want, report)
	if slices.EqualFunc(are, wanted, func(a, b *document) bool { return a.is(b.kind, b.name, "") && a.namespace == b.namespace }) {
		return nil
	}
	return &mistake.Mistake{File: name, Problem: "holds other documents than would be written there; remove it, or name another directory"}
}

// keptPatch is a patch with what an earlier one sets besides.
func keptPatch(name string, patch []byte) ([]byte, error) {
	before := existing(name)
	if before == nil {
		return patch, nil
	}
	var was, is yaml.Node
	if err := yaml.Unmarshal(patch, &is); err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(before, &was); err != nil || len(was.Content) != 1 || was.Content[0].Kind != is.Content[0].Kind {
		return nil, &mistake.Mistake{File: name, Problem: "is no patch of this kind; remove it, or name another directory"}
	}
	old, fresh := was.Content[0], is.Content[0]
	if fresh.Kind == yaml.MappingNode {
		if err := sameDocuments(name, before, patch); err != nil {
			return nil, err
		}
		overlay(old, fresh)
		return yamlOf(old)
	}
	// Operations: an earlier one of the same place gives way, with the test before it.
	paths := map[string]bool{}
	for _, one := range fresh.Content {
		paths[field(one, "path")] = true
	}
	old.Content = slices.DeleteFunc(old.Content, func(one *yaml.Node) bool { return paths[field(one, "path")] })
	old.Content = append(old.Content, fresh.Content...)
	return yamlOf(old)
}

// overlay sets in a mapping what another has.
func overlay(to, from *yaml.Node) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		switch old := member(to, key.Value); {
		case old == nil:
			to.Content = append(to.Content, key, value)
		case old.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			overlay(old, value)
		default:
			*old = *value
		}
	}
}

// member is the value of a key; nil where the node is no mapping or has none.
func member(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

func field(node *yaml.Node, key string) string {
	if value := member(node, key); value != nil {
		return value.Value
	}
	return ""
}

// keptImage is an AirshipImage that is in none of the documents: that of an earlier run with the new status, or a new one.
func keptImage(name string, image *Image) ([]byte, error) {
	fresh := newImage(image)
	before := existing(name)
	if before == nil {
		return fresh, nil
	}
	if err := sameDocuments(name, before, fresh); err != nil {
		return nil, err
	}
	is := parse(name, before, &tree.Report{})[0]
	after, err := splice(before, map[int][]set{0: under([]set{{key: "status", index: -1}}, status(image, is.root.Get("status")))})
	if err != nil {
		return nil, &mistake.Mistake{File: name, Problem: fmt.Sprintf("cannot be changed: %s; remove it, and it is made anew", err)}
	}
	return after, nil
}
