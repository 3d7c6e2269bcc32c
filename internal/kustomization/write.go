package kustomization

import (
	"slices"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// write is a value that a source sets in a document.
type write struct {
	// path is where; "-" is the end of a list.
	path []string
	node *tree.Node
	// added: the last step may have pushed elements of a list aside, or been pushed.
	added bool
}

// at is what w holds for the value at the end of chain, the rendered values along path from the root
// on; nil where it holds nothing for it. key is nil where w's own value is the answer, or an element.
func (w write) at(d *digests, path []string, chain []*tree.Node) (key, value *tree.Node) {
	if len(path) < len(w.path) {
		return nil, nil
	}
	for i, step := range w.path {
		if path[i] == step && !(w.added && i == len(w.path)-1 && chain[i].IsList()) {
			continue
		}
		if !w.added || i != len(w.path)-1 || !chain[i].IsList() || !w.isElement(d, step, path[i], chain[i]) {
			return nil, nil
		}
	}
	value = w.node
	for i := len(w.path); i < len(path); i++ {
		if value.IsList() {
			key, value = nil, element(d, value, path[i], chain[i], chain[i+1])
		} else {
			key, value = value.Field(path[i])
		}
		if value == nil {
			return nil, nil
		}
	}
	return key, value
}

// isElement says whether the element at index of a rendered list is the one that w added at step. Where
// others equal it, the last is what was appended.
func (w write) isElement(d *digests, step, index string, list *tree.Node) bool {
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(list.Content) || d.of(list.Content[i]) != d.of(w.node) {
		return false
	}
	same := d.same(list, d.of(w.node))
	if step == "-" {
		return same[len(same)-1] == i
	}
	return len(same) == 1 || step == index
}

// element of a source's list that became the element at index of a rendered one: the same at the same
// place, the only one that is the same, or the one that was changed.
func element(d *digests, source *tree.Node, index string, rendered, wanted *tree.Node) *tree.Node {
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 {
		return nil
	}
	if i < len(source.Content) && d.of(source.Content[i]) == d.of(wanted) {
		return source.Content[i]
	}
	if same := d.same(source, d.of(wanted)); len(same) == 1 {
		return source.Content[same[0]]
	} else if len(same) > 1 {
		return nil
	}
	// Later sources were asked before and hold something else, so the element is one of these, changed.
	if len(source.Content) == len(rendered.Content) && wanted.IsMapping() && source.Content[i].IsMapping() {
		return source.Content[i]
	}
	name := nameOf(wanted)
	if name == "" {
		return nil
	}
	var named []*tree.Node
	for _, one := range source.Content {
		if nameOf(one) == name {
			named = append(named, one)
		}
	}
	if len(named) != 1 || slices.IndexFunc(rendered.Content, func(one *tree.Node) bool {
		return one != wanted && nameOf(one) == name
	}) >= 0 {
		return nil
	}
	return named[0]
}

// nameOf is what tells an element of a list from others.
func nameOf(n *tree.Node) string {
	for _, field := range []string{"name", "path", "url", "id"} {
		if name := n.Get(field).String(); name != "" {
			return name
		}
	}
	return ""
}

// child is the key and value one step inside a value; nil where there is none.
func child(n *tree.Node, step string) (key, value *tree.Node) {
	if !n.IsList() {
		return n.Field(step)
	}
	i, err := strconv.Atoi(step)
	if err != nil || i < 0 || i >= len(n.Content) {
		return nil, nil
	}
	return nil, n.Content[i]
}
