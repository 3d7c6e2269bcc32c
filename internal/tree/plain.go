package tree

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Bounds of one document, well above what people write: they stop anchors that explode.
const (
	MaxNodes = 100_000
	MaxDepth = 64
)

// What is wrong with a document that exceeds its bounds.
var (
	ErrTooLarge  = errors.New("the document is too large once its anchors and references are filled in")
	ErrTooDeep   = errors.New("the document is nested too deeply")
	errContained = errors.New("the anchor contains its own alias")
)

// grower copies YAML trees and bounds what the copies add up to.
type grower struct {
	nodes int
	depth int
	// open are the anchors being expanded, to find one inside itself.
	open   map[*yaml.Node]bool
	report *Report
	file   string
}

// plain copies node, which stands at field, without aliases and merge keys. What came through an
// alias keeps the place of its anchor, where a mistake in it is to be corrected. Duplicate keys, keys
// that are not plain text and tags of other programs are reported and left out.
func (g *grower) plain(node *yaml.Node, field string) (*Node, error) {
	if g.nodes++; g.nodes > MaxNodes {
		return nil, ErrTooLarge
	}
	if g.depth++; g.depth > MaxDepth {
		return nil, ErrTooDeep
	}
	defer func() { g.depth-- }()

	if !g.understood(node, field) {
		return g.shell(node, field).Break(), nil
	}
	switch node.Kind {
	case yaml.AliasNode:
		if g.open[node.Alias] {
			return nil, errContained
		}
		return g.plain(node.Alias, field)
	case yaml.MappingNode:
		g.open[node] = true
		defer delete(g.open, node)
		return g.mapping(node, field)
	case yaml.SequenceNode:
		g.open[node] = true
		defer delete(g.open, node)
		out := g.shell(node, field)
		for i, element := range node.Content {
			element, err := g.plain(element, Element(field, i))
			if err != nil {
				return nil, err
			}
			out.Content = append(out.Content, element)
		}
		return out, nil
	default:
		return g.shell(node, field), nil
	}
}

// shell copies node without what it contains.
func (g *grower) shell(node *yaml.Node, field string) *Node {
	return &Node{
		Kind: node.Kind, Tag: node.ShortTag(), Value: node.Value, Style: node.Style,
		Place: g.place(node, field),
	}
}

func (g *grower) place(node *yaml.Node, field string) Place {
	return Place{File: g.file, Line: node.Line, Column: node.Column, Field: field}
}

func (g *grower) mapping(node *yaml.Node, field string) (*Node, error) {
	out := g.shell(node, field)
	lines := make(map[string]int, len(node.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.ShortTag() == "!!merge":
			merges = append(merges, value)
			continue
		case key.Kind != yaml.ScalarNode || key.Value == "":
			g.report.Mistake(g.place(key, field), "a key must be a plain word")
			continue
		case lines[key.Value] != 0:
			g.report.Mistake(g.place(key, field), "the key %s is here twice, first in line %d", mistake.Word(key.Value), lines[key.Value])
			continue
		}
		lines[key.Value] = key.Line
		// The name is written by hand; a long one must not fill the screen.
		inner := Join(field, mistake.Word(key.Value))
		plain, err := g.plain(value, inner)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, g.shell(key, inner), plain)
	}
	for _, merge := range merges {
		if err := g.merge(out, merge, lines); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// merge adds to out what `<<: source` brings: keys that out lacks, of a mapping or of several
// (https://yaml.org/type/merge.html). lines are the lines of the keys that out has.
func (g *grower) merge(out *Node, source *yaml.Node, lines map[string]int) error {
	field := out.Place.Field
	plain, err := g.plain(source, field)
	if err != nil {
		return err
	}
	sources := []*Node{plain}
	if plain.Kind == yaml.SequenceNode {
		sources = plain.Content
	}
	for _, one := range sources {
		if one.Kind != yaml.MappingNode {
			g.report.Mistake(g.place(source, field), "<< takes a mapping or a list of mappings")
			continue
		}
		one.Fields(func(key, value *Node) {
			if lines[key.Value] == 0 {
				lines[key.Value] = key.Place.Line
				out.Content = append(out.Content, key, value)
			}
		})
	}
	return nil
}

// understood says whether a tag is one of YAML's own; a tag that only another program knows,
// such as !vault, is reported.
func (g *grower) understood(node *yaml.Node, field string) bool {
	switch node.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "!!map", "!!seq", "":
		return true
	}
	g.report.Mistake(g.place(node, field), "the YAML tag %s is not understood here", mistake.Word(node.ShortTag()))
	return false
}
