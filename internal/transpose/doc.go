// Package transpose turns Airship's other documents into the two kinds that images are built from.
//
// ImageConfiguration, IsoConfiguration, labelled catalogues and the files of Airship's older entry
// points go in; trees of NodeProfile and AirshipImage come out, every value with the place it was
// written at. What is wrong with a value itself is left to whoever decodes the trees.
package transpose

import (
	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Environment is what the entry points take besides their documents.
type Environment struct {
	// ImageType is the environment's IMAGE_TYPE: iso, qcow or rootfs; it goes before the type in a v1
	// or v2 file. Empty: the file's.
	ImageType string
	// Partial: something of the set could not be read, so what is missing is no mistake of its own.
	Partial bool
	// Load reads the documents of a file that another one names, and reports what is wrong with the
	// file. nil: no file is read.
	Load func(file string, r *tree.Report) []*tree.Node
}

// Documents transposes the documents of one set. What needs no transposition comes out as it went in,
// in its order, catalogues included, since valuesFrom reads them; in the place of every other document
// stands what it became, as far as its mistakes, which are reported, allow.
func Documents(documents []*tree.Node, env Environment, r *tree.Report) []*tree.Node {
	var out []*tree.Node
	s := newSet(files(documents, env, r))
	s.partial = env.Partial
	for _, root := range s.documents {
		switch ours(root) {
		case v1alpha1.KindImageConfiguration:
			out = append(out, s.imageConfiguration(root, r)...)
		case v1alpha1.KindIsoConfiguration:
			out = append(out, s.isoConfiguration(root, r)...)
		case v1alpha1.KindVariableCatalogue:
			out = append(append(out, root), variableCatalogue(root, r)...)
		case v1alpha1.KindVersionsCatalogue:
			out = append(append(out, root), versionsCatalogue(root, r)...)
		default:
			out = append(out, root)
		}
	}
	return out
}
