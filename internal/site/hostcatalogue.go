package site

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// hostEntry is a host of a host catalogue: hosts.m3.NAME as airshipctl's hostgenerator takes them, or hosts.NAME.
type hostEntry struct {
	key, value *tree.Node
	path       []string
}

func hostEntries(d *document) (all []hostEntry) {
	if d.kind != kindVariables {
		return nil
	}
	for _, path := range [][]string{{"hosts"}, {"spec", "hosts"}} {
		d.root.Get(path...).Fields(func(key, value *tree.Node) {
			below := append(slices.Clone(path), key.Value)
			if !isGroup(value) {
				all = append(all, hostEntry{key, value, below})
				return
			}
			value.Fields(func(host, entry *tree.Node) {
				all = append(all, hostEntry{host, entry, append(slices.Clone(below), host.Value)})
			})
		})
	}
	return all
}

// isGroup says whether a mapping holds nothing but hosts.
func isGroup(n *tree.Node) bool {
	group := n.IsMapping() && len(n.Content) > 0
	n.Fields(func(_, value *tree.Node) { group = group && value.IsMapping() })
	return group
}

// generated is a host that a template makes of a catalogue's entry: the catalogue, where the entry has an image, else a host
// of which there is no document.
func (s *selector) generated(t Target) *document {
	for _, d := range s.documents {
		for _, entry := range hostEntries(d) {
			if entry.key.Value != t.Name || !d.in(t.File) {
				continue
			}
			if entry.value.Get("image").IsMapping() {
				changed := *d
				changed.entry = append(slices.Clone(entry.path), "image")
				return &changed
			}
			return &document{
				origin: generated, root: tree.Mapping(entry.key.Place), file: d.file, name: t.Name, namespace: t.Namespace,
				apiVersion: "metal3.io/v1alpha1", kind: kindHost,
			}
		}
	}
	return nil
}
