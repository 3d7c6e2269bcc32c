package transpose

import (
	"fmt"
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// set is the documents that refer to one another.
type set struct {
	documents []*tree.Node
	byKind    map[string][]*tree.Node
	// profiles are the names of the NodeProfiles, sorted.
	profiles []string
	// read are the values that were read, nil where a mistake in one was reported: one Secret may serve
	// many documents.
	read map[holding]*tree.Node
	// selections counts the documents whose selectors were followed.
	selections int
	// partial: something of the set could not be read.
	partial bool
}

// maxSelections bounds the documents of a set whose selectors are followed: each looks at every document.
const maxSelections = 1000

// holding is a value of a Secret, ConfigMap or catalogue, and whether it is read as a text.
type holding struct {
	value  *tree.Node
	isText bool
}

func newSet(documents []*tree.Node) *set {
	s := &set{documents: documents, byKind: map[string][]*tree.Node{}, read: map[holding]*tree.Node{}}
	for _, root := range documents {
		kind := root.Get("kind").String()
		s.byKind[kind] = append(s.byKind[kind], root)
		switch ours(root) {
		case v1alpha1.KindNodeProfile, v1alpha1.KindVariableCatalogue, v1alpha1.KindVersionsCatalogue:
			if name := profileOf(root); name != "" {
				s.profiles = append(s.profiles, name)
			}
		}
	}
	slices.Sort(s.profiles)
	s.profiles = slices.Compact(s.profiles)
	return s
}

// ours is the kind of a document of this API version; empty for all others.
func ours(root *tree.Node) string {
	if root.Get("apiVersion").String() != v1alpha1.APIVersion {
		return ""
	}
	return root.Get("kind").String()
}

func nameOf(root *tree.Node) string { return root.Get("metadata", "name").String() }

// profileOf is the name of the NodeProfile that a NodeProfile or a catalogue is part of.
func profileOf(root *tree.Node) string {
	if name := root.Get("metadata", "labels", v1alpha1.LabelNodeProfile).String(); name != "" {
		return name
	}
	if ours(root) == v1alpha1.KindNodeProfile {
		return nameOf(root)
	}
	return ""
}

// where is a field's place inside a message.
func where(at tree.Place) string {
	switch {
	case at.Field == "":
		return "the document in " + spot(at)
	case at.File == "":
		return at.Field
	}
	return at.Field + " in " + spot(at)
}

// spot is a file and its line.
func spot(at tree.Place) string {
	if at.Line == 0 {
		return at.File
	}
	return fmt.Sprintf("%s:%d", at.File, at.Line)
}

// title names a document.
func title(root *tree.Node) string {
	return mistake.Word(root.Get("kind").String()) + " " + mistake.Word(nameOf(root))
}

// some lists texts, the first of many; a set can hold thousands.
func some(texts []string) string {
	const most = 10
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	more := len(texts) - most
	if more <= 0 {
		return mistake.Enumerate(texts)
	}
	return fmt.Sprintf("%s and %d more", mistake.Enumerate(texts[:most]), more)
}

// instead is a near name, or what else there is; nothing where there is nothing.
func instead(name string, known []string) string {
	// Beyond that the search takes longer than it helps.
	const many = 500
	switch {
	case len(known) == 0:
		return ""
	case len(known) > many:
		return fmt.Sprintf("; there are %d others", len(known))
	}
	if near := mistake.Near(name, known); near != "" {
		return "; did you mean " + mistake.Word(near) + "?"
	}
	shown := make([]string, len(known))
	for i, one := range known {
		shown[i] = mistake.Word(one)
	}
	return "; there are: " + some(shown)
}
