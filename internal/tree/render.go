package tree

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Of makes a tree of maps, lists and scalars, such as JSON gives; at is the place of all of it, with
// the fields in it.
func Of(value any, at Place) (*Node, error) {
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return nil, fmt.Errorf("make a document of a value: %w", err)
	}
	g := &grower{open: map[*yaml.Node]bool{}, report: &Report{}, file: at.File}
	plain, err := g.plain(&node, at.Field)
	if err != nil {
		return nil, err
	}
	return plain.at(at), nil
}

// at is a copy of n that stands at one place.
func (n *Node) at(place Place) *Node {
	out := n.Shell()
	out.Place = n.Place.At(place)
	for _, inner := range n.Content {
		out.Content = append(out.Content, inner.at(place))
	}
	return out
}

// Map is a copy of n in which change has replaced every node, those inside first. change answers the
// node itself where nothing is to change.
func (n *Node) Map(change func(*Node) *Node) *Node {
	out := n.Shell()
	for _, inner := range n.Content {
		out.Content = append(out.Content, inner.Map(change))
	}
	return change(out)
}

// Walk visits n and every node in it, keys included.
func (n *Node) Walk(visit func(*Node)) {
	visit(n)
	for _, inner := range n.Content {
		inner.Walk(visit)
	}
}

// YAML is n for yaml.Marshal.
func (n *Node) YAML() *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style}
	for _, inner := range n.Content {
		out.Content = append(out.Content, inner.YAML())
	}
	return out
}

// Decode is n as maps, lists and scalars, whole numbers as int.
func (n *Node) Decode() (any, error) {
	var value any
	if err := n.YAML().Decode(&value); err != nil {
		return nil, err
	}
	return value, nil
}
