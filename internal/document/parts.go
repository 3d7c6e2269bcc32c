package document

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// ofOneNamespace are the parts without those of another namespace than the first that has one, which is a
// mistake. Parts without any belong to the profile of the name.
func (w *written) ofOneNamespace(r *tree.Report) []*tree.Node {
	var first *tree.Node
	told := false
	return slices.DeleteFunc(w.parts, func(part *tree.Node) bool {
		namespace := part.Get("metadata", "namespace")
		switch {
		case namespace.String() == "":
			return false
		case first == nil:
			first = namespace
		}
		other := namespace.Value != first.Value
		if other && !told {
			told = true
			r.Mistake(namespace.Place, "two profiles %s, in the namespaces %s (%s) and %s; choose one namespace",
				mistake.Word(w.name), mistake.Word(first.Value), first.Place, mistake.Word(namespace.Value))
		}
		return other
	})
}

// withMetadata is main with the labels and annotations of all parts, without the label that made them parts.
func (w *written) withMetadata(main *tree.Node, r *tree.Report) *tree.Node {
	root := main
	for _, field := range []string{"labels", "annotations"} {
		all := main.Get("metadata", field)
		var keys map[string]int
		for _, part := range w.parts {
			more := part.Get("metadata", field)
			if part == main || more.IsNull() || !all.IsNull() && !all.IsMapping() {
				continue
			}
			if !more.IsMapping() {
				r.Mistake(more.Place, "want a mapping of strings, found %s", more.Describe())
				continue
			}
			if keys == nil {
				keys = map[string]int{}
				united := tree.Mapping(more.Place)
				all.Fields(func(key, value *tree.Node) {
					keys[key.Value] = len(united.Content)
					united.Content = append(united.Content, key, value)
				})
				all = united
			}
			more.Fields(func(key, value *tree.Node) {
				i, there := keys[key.Value]
				switch {
				case key.Value == v1alpha1.LabelNodeProfile:
				case !there:
					keys[key.Value] = len(all.Content)
					all.Content = append(all.Content, key, value)
				case all.Content[i+1].Value != value.Value:
					r.Mistake(value.Place, "is otherwise in %s; the documents of one profile, here %s, agree in this",
						all.Content[i].Place, mistake.Word(w.name))
				}
			})
		}
		if keys != nil && len(all.Content) > 0 {
			root = root.Put(all, "metadata", field)
		}
	}
	return root
}
