package kustomization

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// inline parses documents that are written as a text in another document, with their true places.
func (b *build) inline(node *tree.Node) []*tree.Node {
	report := &tree.Report{}
	documents := tree.Parse(node.Place.File, spaced([]byte(node.Value)), report)
	place := b.insideText(node)
	for _, m := range report.Mistakes {
		at := place(tree.Place{File: m.File, Line: m.Line, Column: m.Column})
		m.Line, m.Column = at.Line, at.Column
	}
	b.report.Add(report)
	for i, document := range documents {
		documents[i] = document.Map(func(n *tree.Node) *tree.Node {
			n.Place = place(n.Place)
			return n
		})
	}
	return documents
}

// insideText translates places inside the text of a scalar to those of its file. Only a literal block
// has lines of its own there.
func (b *build) insideText(node *tree.Node) func(tree.Place) tree.Place {
	literal := node.Style&yaml.LiteralStyle != 0
	indent := 0
	if literal {
		indent = b.indentation(node)
	}
	return func(at tree.Place) tree.Place {
		if !literal {
			at.Line, at.Column = node.Place.Line, node.Place.Column
			return at
		}
		at.Line += node.Place.Line
		if at.Column > 0 {
			at.Column += indent
		}
		return at
	}
}

// indentation of a literal block, from its file.
func (b *build) indentation(node *tree.Node) int {
	for path, data := range b.disk.files {
		if b.disk.name(path) != node.Place.File {
			continue
		}
		lines := strings.Split(string(data), "\n")
		first := strings.IndexFunc(node.Value, func(r rune) bool { return r != '\n' })
		if node.Place.Line >= len(lines) || first < 0 {
			return 0
		}
		blank := strings.Count(node.Value[:first], "\n")
		if line := node.Place.Line + blank; line < len(lines) {
			own := len(node.Value[first:]) - len(strings.TrimLeft(node.Value[first:], " "))
			return max(0, len(lines[line])-len(strings.TrimLeft(lines[line], " "))-own)
		}
	}
	return 0
}
