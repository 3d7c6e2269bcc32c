package document

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// written is one profile as its documents have it.
type written struct {
	name string
	// root is all of its documents as one; its metadata is that of the document with the profile's name.
	root *tree.Node
	// parts are the documents, in the order they were read.
	parts []*tree.Node
	// extends are the profiles it builds on, in order.
	extends []*written
	// own is the spec of its own layer, without extends and valuesFrom.
	own *tree.Node
	// incomplete: something of it may be in what could not be read.
	incomplete bool
	// isBase: another profile builds on this one and no AirshipImage names it.
	isBase bool

	// line is the profile after all it builds on, lowest first; spec is their layers.
	line []*written
	// pairs are what orders gives.
	pairs [][2]*written
	spec  *tree.Node
}

// profileOf is the name of the profile that a document belongs to, and where it says so.
func profileOf(root *tree.Node) *tree.Node {
	if label := root.Get("metadata", "labels", v1alpha1.LabelNodeProfile); label.String() != "" {
		return label
	}
	return root.Get("metadata", "name")
}

// addProfile adds a document of kind NodeProfile.
func (s *site) addProfile(root *tree.Node) {
	name := profileOf(root).String()
	w := s.profiles[name]
	if w == nil || name == "" {
		// Without a name it stands alone; that it has none is going to be said.
		w = &written{name: name}
		s.order = append(s.order, w)
		s.profiles[name] = w
	}
	w.parts = append(w.parts, root)
}

// join makes one document of a profile's parts. No field may be written twice; of two parts that
// share many one is named, for one of them is a copy.
func (w *written) join(r *tree.Report) {
	w.parts = w.ofOneNamespace(r)
	main := w.main()
	w.root = w.withMetadata(main, r)
	for _, part := range w.parts {
		if part == main {
			continue
		}
		var first, second *tree.Node
		more := 0
		w.root = tree.Exclusive(w.root, part.Without("metadata").Without("apiVersion").Without("kind"), func(a, b *tree.Node) {
			if first == nil {
				first, second = a, b
			} else {
				more++
			}
		})
		if first == nil {
			continue
		}
		others := ""
		switch {
		case more == 1:
			others = ", and so is one more field"
		case more > 1:
			others = fmt.Sprintf(", and so are %d more fields", more)
		}
		r.Mistake(second.Place, "is also written in %s%s; the documents of one profile, here %s, write each field once",
			first.Place, others, mistake.Word(w.name))
	}
}

// main is the part whose metadata is the profile's: the first that has its name, else a document
// that has nothing but the name.
func (w *written) main() *tree.Node {
	for _, part := range w.parts {
		if name := part.Get("metadata", "name"); name.String() == w.name {
			return part
		}
	}
	at := w.parts[0].Place
	root := tree.Mapping(at)
	root = root.Put(tree.Text(v1alpha1.APIVersion, at), "apiVersion")
	root = root.Put(tree.Text(v1alpha1.KindNodeProfile, at), "kind")
	return root.Put(profileOf(w.parts[0]), "metadata", "name")
}

// link finds what a profile builds on and takes the values that it has from other documents.
func (s *site) link(w *written) {
	spec := w.root.Get("spec")
	key, list := spec.Field("extends")
	var extends []string
	if d := newDecoder(s.report); !list.IsNull() {
		d.decode(list, reflect.ValueOf(&extends).Elem(), "spec.extends", valuePlace(key, list), false)
	}
	for i, name := range extends {
		if name == "" {
			continue
		}
		if base := s.profile(name); base != nil {
			base.isBase = true
			w.extends = append(w.extends, base)
			continue
		}
		if s.partial {
			w.incomplete = true
			continue
		}
		s.report.Mistake(list.Content[i].Place, "there is no NodeProfile %s%s", mistake.Word(name), s.suggest(name, s.known()))
	}
	w.own = s.withValues(w, spec)
	if w.own.IsMapping() {
		w.own = w.own.Without("extends").Without("valuesFrom")
	}
}

// profile is the profile of a name, among the documents or built in; nil where there is none.
func (s *site) profile(name string) *written {
	if w := s.profiles[name]; w != nil {
		return w
	}
	text, ok := variables.Builtin(name)
	if !ok {
		return nil
	}
	w := &written{name: name, parts: tree.Parse(name+" (built in)", text, s.report)}
	s.profiles[name] = w
	w.join(s.report)
	s.link(w)
	return w
}

// known are the names of all profiles there are.
func (s *site) known() []string {
	if s.names == nil {
		s.names = variables.BuiltinNames()
		for _, w := range s.order {
			s.names = append(s.names, w.name)
		}
		slices.Sort(s.names)
		s.names = slices.Compact(s.names)
	}
	return s.names
}
