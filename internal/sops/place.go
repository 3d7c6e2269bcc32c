package sops

import (
	"bytes"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// place is where a value stands in the encrypted text, with the places of what is in it.
type place struct {
	line, column int
	secret       bool // it was encrypted, or something in it was
	fields       map[string]entry
	elements     []*place
}

// entry is a field of a mapping: its key's place and its value's.
type entry struct{ key, value *place }

// places are those of the documents' values, without sops's metadata.
func (s *source) places() []*place {
	var roots []*place
	for _, root := range s.documents {
		if root == nil {
			root = &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
		}
		p := newPlace(root, metadataKey)
		roots = append(roots, p)
	}
	return roots
}

// newPlace is the place of node; without is a key of it to leave out.
func newPlace(node *yaml.Node, without string) *place {
	p := &place{line: node.Line, column: node.Column, secret: isSealed(node)}
	switch node.Kind {
	case yaml.MappingNode:
		p.fields = map[string]entry{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], newPlace(node.Content[i+1], "")
			if key.Value == without {
				continue
			}
			p.fields[key.Value] = entry{&place{line: key.Line, column: key.Column}, value}
			p.secret = p.secret || value.secret
		}
	case yaml.SequenceNode:
		for _, inner := range node.Content {
			if isComment(inner) {
				continue
			}
			element := newPlace(inner, "")
			p.elements = append(p.elements, element)
			p.secret = p.secret || element.secret
		}
	}
	return p
}

// find is the place of a path; nil where the file has no such value.
func (f *File) find(document int, path []string) *place {
	if document < 0 || document >= len(f.documents) {
		return nil
	}
	p := f.documents[document]
	for _, step := range path {
		if p = p.step(step); p == nil {
			return nil
		}
	}
	return p
}

func (p *place) step(name string) *place {
	if p.fields != nil {
		return p.fields[name].value
	}
	i, err := strconv.Atoi(name)
	if err != nil || i < 0 || i >= len(p.elements) || strconv.Itoa(i) != name {
		return nil
	}
	return p.elements[i]
}

// mark copies node with the places of p; what p does not know keeps its own.
func (p *place) mark(node *tree.Node) *tree.Node {
	if p == nil || node == nil {
		return node
	}
	out := node.Shell()
	out.Place.Line, out.Place.Column = p.line, p.column
	out.Secret = out.Secret || p.secret && node.IsScalar()
	for i, inner := range node.Content {
		var at *place
		switch {
		case !node.IsMapping():
			at = p.step(strconv.Itoa(i))
		case i%2 == 0:
			at = p.fields[inner.Value].key
		default:
			at = p.fields[node.Content[i-1].Value].value
		}
		out.Content = append(out.Content, at.mark(inner))
	}
	return out
}

// sealed is the documents' text with the secrets as they are, without the metadata and comments.
func (s *source) sealed() ([]byte, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2) // less than sops's, so no text grows over its bounds
	for _, root := range s.documents {
		if root == nil {
			root = &yaml.Node{Kind: yaml.MappingNode}
		}
		if err := encoder.Encode(bare(root, metadataKey)); err != nil {
			return nil, s.mistake("cannot be written without its metadata: %s", err)
		}
	}
	if err := encoder.Close(); err != nil {
		return nil, s.mistake("cannot be written without its metadata: %s", err)
	}
	if text.Len() > tree.MaxText {
		return nil, s.mistake("is larger than %d KiB once it is laid out, too large for a document", tree.MaxText>>10)
	}
	return text.Bytes(), nil
}

// bare copies node without comments, which sops may have encrypted, and without a key of its own.
func bare(node *yaml.Node, without string) *yaml.Node {
	out := &yaml.Node{Kind: node.Kind, Style: node.Style, Tag: node.Tag, Value: node.Value}
	for i, inner := range node.Content {
		switch {
		case node.Kind == yaml.SequenceNode && isComment(inner):
		case node.Kind == yaml.MappingNode && node.Content[i&^1].Value == without:
		default:
			out.Content = append(out.Content, bare(inner, ""))
		}
	}
	return out
}
