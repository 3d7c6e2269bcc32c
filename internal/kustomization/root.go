package kustomization

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/kustomize/api/konfig"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// IsRoot says whether directory holds a kustomization file.
func IsRoot(directory string) bool { return len(kustomizationFiles(directory)) > 0 }

// kustomizationFiles are those in directory: one, unless something is wrong.
func kustomizationFiles(directory string) []string {
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		path := filepath.Join(directory, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			found = append(found, path)
		}
	}
	return found
}

// root is a directory with a kustomization file, as it was read.
type root struct {
	// directory is real; file is the kustomization file in it.
	directory, file string
	// name is the file as the operator would write it.
	name string
	tree *tree.Node
	// component: it changes what the kustomization that lists it has.
	component bool

	resources, components                []entry
	generators, transformers, validators []entry

	// visits are how often the library will read kustomizations below it, itself included.
	visits int

	// evaluated: its functions and those below it have been. final is tree without them; steps are what
	// its transformers do, in order.
	evaluated bool
	final     *tree.Node
	steps     []step
}

// entry is a file, directory or text that a kustomization lists.
type entry struct {
	node *tree.Node
	// file is real, root what it is if a directory; neither for documents in the kustomization itself.
	file string
	root *root
	// documents of the file or text.
	documents []*tree.Node
}

// text is a string in the kustomization file.
func (r *root) text(keys ...string) string { return r.tree.Get(keys...).String() }

// elements of a list in the kustomization file.
func (r *root) elements(keys ...string) []*tree.Node {
	if list := r.tree.Get(keys...); list.IsList() {
		return list.Content
	}
	return nil
}

// below are the roots that r lists, whatever for.
func (r *root) below() []*root {
	var all []*root
	for _, list := range [][]entry{r.resources, r.components, r.generators, r.transformers, r.validators} {
		for _, e := range list {
			if e.root != nil {
				all = append(all, e.root)
			}
		}
	}
	return all
}
