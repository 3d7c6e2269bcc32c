package kustomization

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// find is the paths of keys and indices that p leads to in a tree. With create, fields that are missing
// at the end are in them; a list's elements are never made.
func (p fieldPath) find(root *tree.Node, create bool) ([][]string, error) {
	found := []place{{node: root}}
	for _, step := range p {
		var next []place
		for _, at := range found {
			inside, err := step.inside(at, create)
			if err != nil {
				return nil, err
			}
			next = append(next, inside...)
		}
		if found = next; len(found) > tree.MaxNodes {
			return nil, fmt.Errorf("the field path leads to too many values")
		}
	}
	var paths [][]string
	for _, at := range found {
		paths = append(paths, at.path)
	}
	return paths, nil
}

// place is a value in a tree, nil where it is to be made, and its path.
type place struct {
	node *tree.Node
	path []string
}

func (p place) step(node *tree.Node, name string) place {
	return place{node: node, path: append(slices.Clone(p.path), name)}
}

func (s selection) inside(at place, create bool) ([]place, error) {
	switch {
	case s.filter != nil:
		return s.filter.inside(at)
	case s.all:
		return s.every(at)
	case s.one && (s.field == "" || at.node.IsList()):
		return s.element(at)
	case at.node == nil || at.node.IsNull():
		if create {
			return []place{at.step(nil, s.field)}, nil
		}
		return nil, nil
	case !at.node.IsMapping():
		return nil, fmt.Errorf("%s is in no mapping; what is there is %s", s.field, kindOf(at.node))
	}
	_, value := at.node.Field(s.field)
	if value == nil && !create {
		return nil, nil
	}
	return []place{at.step(value, s.field)}, nil
}

func (s selection) element(at place) ([]place, error) {
	if !at.node.IsList() {
		return nil, fmt.Errorf("the index %d is of no list; what is there is %s", s.index, kindOf(at.node))
	}
	i := s.index
	if i < 0 {
		i += len(at.node.Content)
	}
	if i < 0 || i >= len(at.node.Content) {
		return nil, fmt.Errorf("the index %d is beyond the list, which has %d elements", s.index, len(at.node.Content))
	}
	return []place{at.step(at.node.Content[i], strconv.Itoa(i))}, nil
}

func (s selection) every(at place) ([]place, error) {
	var all []place
	if at.node.IsMapping() && s.bounds == nil {
		at.node.Fields(func(key, value *tree.Node) { all = append(all, at.step(value, key.Value)) })
		return all, nil
	}
	if !at.node.IsList() {
		return nil, fmt.Errorf("the elements are of no list; what is there is %s", kindOf(at.node))
	}
	first, end, step := 0, len(at.node.Content), 1
	if s.bounds != nil {
		resolve := func(value int) int {
			if value < 0 {
				value += len(at.node.Content)
			}
			return min(max(value, 0), len(at.node.Content))
		}
		if s.bounds[0].Known {
			first = resolve(s.bounds[0].Value)
		}
		if s.bounds[1].Known {
			end = resolve(s.bounds[1].Value)
		}
		if s.bounds[2].Known && s.bounds[2].Value > 0 {
			step = min(s.bounds[2].Value, len(at.node.Content)+1)
		}
	}
	for i := first; i < end; i += step {
		all = append(all, at.step(at.node.Content[i], strconv.Itoa(i)))
	}
	return all, nil
}

func (f *filter) inside(at place) ([]place, error) {
	if !at.node.IsList() {
		return nil, fmt.Errorf("the condition is on no list; what is there is %s", kindOf(at.node))
	}
	var all []place
	for i, element := range at.node.Content {
		left, number, ok, err := f.left.value(element)
		if err != nil {
			return nil, err
		}
		right, rightNumber, rightOK, err := f.right.value(element)
		if err != nil {
			return nil, err
		}
		// The operator `exists` has one side.
		if ok && (f.operator == "exists" || rightOK && compare(f.operator, left, right, number || rightNumber)) {
			all = append(all, at.step(element, strconv.Itoa(i)))
		}
	}
	return all, nil
}

// value is the operand's text from an element on; false where it leads to nothing that can be compared.
func (o operand) value(element *tree.Node) (text string, number, ok bool, err error) {
	if o.path == nil {
		return o.literal, o.number, true, nil
	}
	if !element.IsMapping() {
		return "", false, false, nil
	}
	found, err := o.path.find(element, false)
	if err != nil || len(found) != 1 {
		return "", false, false, err
	}
	value := element
	for _, step := range found[0] {
		_, value = child(value, step)
	}
	if !value.IsScalar() {
		return "", false, true, nil
	}
	return value.Value, value.Tag == "!!int" || value.Tag == "!!float", true, nil
}

func compare(operator, left, right string, number bool) bool {
	if number {
		a, errA := strconv.ParseFloat(left, 64)
		b, errB := strconv.ParseFloat(right, 64)
		if errA == nil && errB == nil {
			return ordered(operator, a < b, a == b)
		}
	}
	return ordered(operator, left < right, left == right)
}

func ordered(operator string, less, equal bool) bool {
	switch operator {
	case "==":
		return equal
	case "!=":
		return !equal
	case "<":
		return less
	case "<=":
		return less || equal
	case ">":
		return !less && !equal
	case ">=":
		return !less
	}
	return false
}

func kindOf(n *tree.Node) string {
	switch {
	case n == nil:
		return "missing"
	case n.IsMapping():
		return "a mapping"
	case n.IsList():
		return "a list"
	case n.IsNull():
		return "nothing"
	}
	return "a text or number"
}

// set is a copy of root with value at a path that find gave.
func set(root *tree.Node, path []string, value *tree.Node) *tree.Node {
	if len(path) == 0 {
		return value
	}
	if root.IsList() {
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(root.Content) {
			return root
		}
		out := root.Shell()
		out.Content = slices.Clone(root.Content)
		out.Content[i] = set(out.Content[i], path[1:], value)
		return out
	}
	if !root.IsMapping() {
		root = tree.Mapping(value.Place)
	}
	key, inner := root.Field(path[0])
	if key == nil {
		key = tree.Text(path[0], value.Place)
	}
	return root.With(key, set(inner, path[1:], value))
}
