package site

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// set is what becomes of one value of a mapping or list: a new scalar, nothing, or changes inside it.
type set struct {
	key   string
	index int // of a list's element; -1 for a mapping's key
	// match is the field of a list's element by which it was chosen, if it was.
	match []string
	// value and tag are a scalar's.
	value, tag string
	remove     bool
	inner      []set
}

const (
	tagText    = "!!str"
	tagInteger = "!!int"
	tagNull    = "!!null"
	tagBoolean = "!!bool"
)

func text(key, value string) set { return set{key: key, index: -1, value: value, tag: tagText} }

func removed(key string) set { return set{key: key, index: -1, remove: true} }

// nulled removes a key through a patch.
func nulled(key string) set { return set{key: key, index: -1, value: "null", tag: tagNull} }

// under is what becomes of the value at the end of path, as changes from the root on.
func under(path []set, inner []set) []set {
	for _, step := range slices.Backward(path) {
		step.inner = inner
		inner = []set{step}
	}
	return inner
}

// same says whether two changes are of one value.
func (s set) same(other set) bool { return s.key == other.key && s.index == other.index }

// join is the changes of both; the first key that both give different values, if any.
func join(a, b []set) (joined []set, conflict string) {
	joined = slices.Clone(a)
	for _, s := range b {
		at := slices.IndexFunc(joined, s.same)
		switch {
		case at < 0:
			joined = append(joined, s)
		case s.inner != nil && joined[at].inner != nil:
			inner, problem := join(joined[at].inner, s.inner)
			if problem != "" && conflict == "" {
				conflict = s.key + "." + problem
			}
			joined[at].inner = inner
		case s.inner != nil || joined[at].inner != nil || s.value != joined[at].value || s.remove != joined[at].remove:
			conflict = s.key
		}
	}
	return joined, conflict
}

// trouble is why a value of a YAML document is not changed.
type trouble struct {
	line, column int
	problem      string
}

func (t *trouble) Error() string { return fmt.Sprintf("line %d: %s", t.line, t.problem) }

func cannot(at *yaml.Node, format string, args ...any) *trouble {
	return &trouble{at.Line, at.Column, fmt.Sprintf(format, args...)}
}

// find is where in node's content the value stands; -1 where it is not there.
func (s set) find(node *yaml.Node) int {
	if s.index >= 0 {
		if node.Kind == yaml.SequenceNode && s.index < len(node.Content) {
			return s.index
		}
		return -1
	}
	if node.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == s.key {
			return i + 1
		}
	}
	return -1
}

// anchor is the position in a mapping's content of the value after which the new key of sets[i] goes: that of the nearest
// key before it in sets, else the last; -1 in an empty mapping.
func anchor(node *yaml.Node, sets []set, i int) int {
	for _, before := range slices.Backward(sets[:i]) {
		if at := before.find(node); at >= 0 && !before.remove {
			return at
		}
	}
	for at := len(node.Content) - 1; at > 0; at -= 2 {
		if !slices.ContainsFunc(sets, func(s set) bool { return s.remove && s.find(node) == at }) {
			return at
		}
	}
	return -1
}

// shared refuses a value that stands elsewhere, too.
func shared(value *yaml.Node) *trouble {
	switch {
	case value.Kind == yaml.AliasNode:
		return cannot(value, "is the alias *%s, so what is changed in it changes elsewhere, too; write it out", value.Value)
	case value.Anchor != "":
		return cannot(value, "has the anchor &%s, so a change would show wherever it is used; write it out there", value.Anchor)
	}
	return nil
}

// apply makes the changes in a tree.
func apply(node *yaml.Node, sets []set) *trouble {
	for i, s := range sets {
		at := s.find(node)
		switch {
		case s.remove:
			if at >= 0 {
				node.Content = slices.Delete(node.Content, at-1, at+1)
			}
		case at < 0 && node.Kind != yaml.MappingNode:
			return cannot(node, "is no mapping, so it takes no %s", s.key)
		case at < 0:
			pair := []*yaml.Node{{Kind: yaml.ScalarNode, Tag: tagText, Value: s.key}, s.node()}
			after := anchor(node, sets, i) + 1
			if after == 0 {
				after = len(node.Content)
			}
			node.Content = slices.Insert(node.Content, after, pair...)
		default:
			if t := s.change(node.Content[at]); t != nil {
				return t
			}
		}
	}
	return nil
}

// change makes the change of a value that is there.
func (s set) change(value *yaml.Node) *trouble {
	isNull := value.Kind == yaml.ScalarNode && value.ShortTag() == tagNull
	switch {
	case s.inner == nil && value.Kind == yaml.AliasNode:
		*value = *s.node()
		return nil
	case s.inner == nil && value.Kind != yaml.ScalarNode:
		return cannot(value, "is no text; want one here")
	case s.inner == nil && value.Value == s.value && value.ShortTag() == s.tag:
		return nil
	}
	if t := shared(value); t != nil {
		return t
	}
	switch {
	case s.inner == nil:
		if value.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 || s.tag != tagText {
			value.Style = 0
		}
		value.Value, value.Tag = s.value, s.tag
		return nil
	case isNull:
		made := s.node()
		value.Kind, value.Tag, value.Value, value.Style, value.Content = made.Kind, made.Tag, "", 0, made.Content
		return nil
	case value.Kind == yaml.ScalarNode:
		return cannot(value, "is a text; want a mapping here")
	}
	return apply(value, s.inner)
}

// node is the value as a new tree.
func (s set) node() *yaml.Node {
	if s.inner == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: s.tag, Value: s.value}
	}
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, inner := range s.inner {
		if !inner.remove {
			mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: tagText, Value: inner.key}, inner.node())
		}
	}
	return mapping
}

// changes says whether anything in node becomes another one.
func changes(node *yaml.Node, sets []set) bool {
	for _, s := range sets {
		at := s.find(node)
		if s.remove {
			if at >= 0 {
				return true
			}
			continue
		}
		if at < 0 {
			return true
		}
		value := node.Content[at]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		if s.inner == nil && (value.Kind != yaml.ScalarNode || value.Value != s.value || value.ShortTag() != s.tag) ||
			s.inner != nil && (value.Kind == yaml.ScalarNode || changes(value, s.inner)) {
			return true
		}
	}
	return false
}

// alike says whether two trees hold the same values, whatever their layout is. Aliases are compared by name: expanded, few
// lines of them are more than memory holds.
func alike(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Anchor != b.Anchor || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind != yaml.AliasNode && a.ShortTag() != b.ShortTag() {
		return false
	}
	for i := range a.Content {
		if !alike(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// yamlOf is a node as a text of its own.
func yamlOf(node *yaml.Node) ([]byte, error) {
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return nil, err
	}
	return []byte(out.String()), nil
}
