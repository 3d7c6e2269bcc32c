package document

import (
	"errors"

	"go.yaml.in/yaml/v3"
)

// Bounds of one document, well above what people write: they stop anchors that explode.
const (
	maxNodes = 100_000
	maxDepth = 64
)

var (
	errTooLarge  = errors.New("the document is too large once its anchors and references are filled in")
	errTooDeep   = errors.New("the document is nested too deeply")
	errContained = errors.New("the anchor contains its own alias")
)

// grower copies YAML trees and bounds what the copies add up to.
type grower struct {
	nodes int
	depth int
	// open are the anchors being expanded, to find one inside itself.
	open   map[*yaml.Node]bool
	report *report
	// at is where the tree stands.
	at place
}

// plain copies node without aliases and merge keys. What came through an alias keeps the place
// of its anchor, where a mistake in it is to be corrected. Duplicate keys, keys that are not
// plain text and tags of other programs are reported and left out.
func (g *grower) plain(node *yaml.Node) (*yaml.Node, error) {
	if g.nodes++; g.nodes > maxNodes {
		return nil, errTooLarge
	}
	if g.depth++; g.depth > maxDepth {
		return nil, errTooDeep
	}
	defer func() { g.depth-- }()

	if !g.understood(node) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: broken, Line: node.Line, Column: node.Column}, nil
	}
	switch node.Kind {
	case yaml.AliasNode:
		if g.open[node.Alias] {
			return nil, errContained
		}
		return g.plain(node.Alias)
	case yaml.MappingNode:
		g.open[node] = true
		defer delete(g.open, node)
		return g.mapping(node)
	case yaml.SequenceNode:
		g.open[node] = true
		defer delete(g.open, node)
		out := shell(node)
		for _, element := range node.Content {
			element, err := g.plain(element)
			if err != nil {
				return nil, err
			}
			out.Content = append(out.Content, element)
		}
		return out, nil
	default:
		return shell(node), nil
	}
}

// shell copies node without what it contains.
func shell(node *yaml.Node) *yaml.Node {
	return &yaml.Node{
		Kind: node.Kind, Tag: node.ShortTag(), Value: node.Value, Style: node.Style,
		Line: node.Line, Column: node.Column,
	}
}

func (g *grower) mapping(node *yaml.Node) (*yaml.Node, error) {
	out := shell(node)
	lines := map[string]int{}
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
			g.report.mistake(g.at.at(key), "a key must be a plain word")
			continue
		case lines[key.Value] != 0:
			g.report.mistake(g.at.at(key), "the key %s is here twice, first in line %d", word(key.Value), lines[key.Value])
			continue
		}
		lines[key.Value] = key.Line
		value, err := g.plain(value)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, shell(key), value)
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
func (g *grower) merge(out, source *yaml.Node, lines map[string]int) error {
	plain, err := g.plain(source)
	if err != nil {
		return err
	}
	sources := []*yaml.Node{plain}
	if plain.Kind == yaml.SequenceNode {
		sources = plain.Content
	}
	for _, one := range sources {
		if one.Kind != yaml.MappingNode {
			g.report.mistake(g.at.at(source), "<< takes a mapping or a list of mappings")
			continue
		}
		for i := 0; i+1 < len(one.Content); i += 2 {
			key := one.Content[i]
			if lines[key.Value] == 0 {
				lines[key.Value] = key.Line
				out.Content = append(out.Content, key, one.Content[i+1])
			}
		}
	}
	return nil
}

// broken is the tag of a value whose mistake has been reported, so that none follows from it.
const broken = "!broken"

// understood says whether a tag is one of YAML's own; a tag that only another program knows,
// such as !vault, is reported.
func (g *grower) understood(node *yaml.Node) bool {
	switch node.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "!!map", "!!seq", "":
		return true
	}
	g.report.mistake(g.at.at(node), "the YAML tag %s is not understood here", word(node.ShortTag()))
	return false
}

// lookup is the key and the value of a mapping's field; nil where it has none.
func lookup(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// word is text for a message: one line, not too long.
func word(text string) string {
	const most = 40
	if text == "" {
		return `""`
	}
	runes := []rune(text)
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	for i, r := range runes {
		if r < ' ' || r == 0x7f {
			runes[i] = ' '
		}
	}
	return string(runes)
}
