// Package tree is YAML documents as trees whose every value knows the file and line it was written at.
//
// Texts go in; trees without aliases, merge keys and comments come out. Trees are merged, looked up
// by field path and rendered without losing the places.
package tree

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Node is a scalar, a list or a mapping. Nodes are values that nobody changes once they are made; trees share them.
type Node struct {
	Kind yaml.Kind // ScalarNode, SequenceNode or MappingNode
	// Tag is short: !!str, !!int, !!map.
	Tag   string
	Value string     // of a scalar
	Style yaml.Style // of a scalar: how it was quoted
	// Content is a list's elements, or a mapping's keys and values in turn.
	Content []*Node
	// Place is where it was written. An anchor's content has the place of the anchor.
	Place Place
	// Secret: the value was encrypted or comes from a Secret, and no message or output may show it.
	Secret bool
}

// Broken is the tag of a value whose mistake has been reported, so that none follows from it.
const Broken = "!broken"

// Shell copies n without what it contains.
func (n *Node) Shell() *Node {
	out := *n
	out.Content = nil
	return &out
}

// Break is a node that stands in n's place after its mistake was reported.
func (n *Node) Break() *Node {
	return &Node{Kind: yaml.ScalarNode, Tag: Broken, Place: n.Place}
}

// Text is a new string at a place.
func Text(value string, at Place) *Node {
	return &Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Place: at}
}

// List is a new list at a place.
func List(at Place, elements ...*Node) *Node {
	return &Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: elements, Place: at}
}

// Mapping is a new, empty mapping at a place.
func Mapping(at Place) *Node { return &Node{Kind: yaml.MappingNode, Tag: "!!map", Place: at} }

// IsMapping says whether n is there and a mapping.
func (n *Node) IsMapping() bool { return n != nil && n.Kind == yaml.MappingNode }

// IsList says whether n is there and a list.
func (n *Node) IsList() bool { return n != nil && n.Kind == yaml.SequenceNode }

// IsScalar says whether n is there and a scalar.
func (n *Node) IsScalar() bool { return n != nil && n.Kind == yaml.ScalarNode }

// IsNull says whether n is missing or written as nothing.
func (n *Node) IsNull() bool { return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// String is a string's value; empty for any other node.
func (n *Node) String() string {
	if !n.IsScalar() || n.Tag != "!!str" {
		return ""
	}
	return n.Value
}

// Field is the key and the value of a mapping's field; nil where n has none or is no mapping.
func (n *Node) Field(name string) (key, value *Node) {
	if !n.IsMapping() {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// Get is the value at keys, each a field of the mapping before; nil where there is none.
func (n *Node) Get(keys ...string) *Node {
	for _, key := range keys {
		if _, n = n.Field(key); n == nil {
			return nil
		}
	}
	return n
}

// Fields visits a mapping's keys and values in their order.
func (n *Node) Fields(visit func(key, value *Node)) {
	if !n.IsMapping() {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		visit(n.Content[i], n.Content[i+1])
	}
}

// With is a copy of a mapping that has key (a node, for its place) with value, in the place of
// an earlier one or at the end.
func (n *Node) With(key, value *Node) *Node {
	out := n.Shell()
	out.Content = slices.Clone(n.Content)
	for i := 0; i+1 < len(out.Content); i += 2 {
		if out.Content[i].Value == key.Value {
			out.Content[i], out.Content[i+1] = key, value
			return out
		}
	}
	out.Content = append(out.Content, key, value)
	return out
}

// Without is a copy of a mapping that lacks the field name.
func (n *Node) Without(name string) *Node {
	out := n.Shell()
	n.Fields(func(key, value *Node) {
		if key.Value != name {
			out.Content = append(out.Content, key, value)
		}
	})
	return out
}

// Put is a copy of a mapping that has value at keys, with mappings made on the way where they are
// missing; what stands there already is replaced. The places of new keys are value's.
func (n *Node) Put(value *Node, keys ...string) *Node {
	if len(keys) == 0 {
		return value
	}
	key, inner := n.Field(keys[0])
	if key == nil {
		key = Text(keys[0], n.Place.Key(keys[0]).At(value.Place))
	}
	if len(keys) > 1 && !inner.IsMapping() {
		inner = Mapping(key.Place)
	}
	return n.With(key, inner.Put(value, keys[1:]...))
}

// Under is a copy of n, a document, as it stands in the field of another one: its fields have that one's
// path before theirs.
func (n *Node) Under(field string) *Node {
	return n.Map(func(inner *Node) *Node {
		switch own := inner.Place.Field; {
		case own == "":
			inner.Place.Field = field
		case strings.HasPrefix(own, "["):
			inner.Place.Field = field + own
		default:
			inner.Place.Field = Join(field, own)
		}
		return inner
	})
}

// Count is the number of nodes in n, keys included.
func (n *Node) Count() int {
	count := 0
	n.Walk(func(*Node) { count++ })
	return count
}
