package sops

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// What sops writes for a value: https://getsops.io/docs/#encryption-protocol
const prefix = "ENC[AES256_GCM,"

// parse is the roots of a text's documents, nil for an empty one; nil where the text is not YAML.
func parse(data []byte) ([]*yaml.Node, error) {
	var roots []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, err
		}
		var root *yaml.Node
		if len(document.Content) == 1 && document.Content[0].ShortTag() != "!!null" {
			root = document.Content[0]
		}
		roots = append(roots, root)
	}
}

// read reads an encrypted file and checks that it is as sops leaves one.
func read(name string, data []byte) (*source, error) {
	if len(data) > tree.MaxText {
		return nil, wrong(name, nil, "is larger than %d KiB, too large for a document", tree.MaxText>>10)
	}
	documents, err := parse(data)
	if err != nil {
		report := &tree.Report{}
		tree.Parse(name, data, report) // says in the user's words what is wrong and where
		if err := report.Err(); err != nil {
			return nil, err
		}
		return nil, wrong(name, nil, "not valid YAML")
	}
	s := &source{name: name, documents: documents}
	for _, root := range documents {
		f := former{file: name}
		if err := f.form(root, 0); err != nil {
			return nil, err
		}
	}
	if s.metadata, err = s.readMetadata(); err != nil {
		return nil, err
	}
	return s, nil
}

// former checks a document's form.
type former struct {
	file  string
	nodes int
}

// form refuses what sops never writes but its program would take on: aliases, which it expands without bounds; other
// nesting than a document's; one key twice.
func (f *former) form(node *yaml.Node, depth int) error {
	f.nodes++
	switch {
	case node == nil:
		return nil
	case depth == 0 && node.Kind != yaml.MappingNode:
		return wrong(f.file, node, "is not a mapping, which a document that sops encrypted is")
	case depth > tree.MaxDepth:
		return wrong(f.file, node, "%s", tree.ErrTooDeep)
	case f.nodes > tree.MaxNodes:
		return wrong(f.file, node, "the document is too large: it has more than %d values", tree.MaxNodes)
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return wrong(f.file, node, "sops writes no anchors and aliases: this one was added after the file was encrypted; use `sops edit`")
	case node.Kind == yaml.MappingNode:
		if err := f.keys(node); err != nil {
			return err
		}
	}
	for _, inner := range node.Content {
		if err := f.form(inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (f *former) keys(mapping *yaml.Node) error {
	seen := map[string]int{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
			return wrong(f.file, key, "this key is not a text, as all are that sops writes; put it in quotes with `sops edit`")
		}
		if line := seen[key.Value]; line != 0 {
			return wrong(f.file, key, "the key %s is here twice, first in line %d", mistake.Word(key.Value), line)
		}
		seen[key.Value] = key.Line
	}
	return nil
}

// isSealed says whether a value is one that sops encrypted.
func isSealed(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && strings.HasPrefix(node.Value, prefix) && strings.HasSuffix(node.Value, "]")
}

// isComment says whether an element of a list is a comment: sops encrypts those as if they were elements.
func isComment(node *yaml.Node) bool {
	return isSealed(node) && strings.HasSuffix(node.Value, ",type:comment]")
}

// hasSealed says whether there is an encrypted value below node, in any text: it follows no alias.
func hasSealed(node *yaml.Node, depth int) bool {
	if node == nil || depth > tree.MaxDepth {
		return false
	}
	if isSealed(node) {
		return true
	}
	for _, inner := range node.Content {
		if hasSealed(inner, depth+1) {
			return true
		}
	}
	return false
}

// field is the value of a mapping's key; nil where it has none.
func field(mapping *yaml.Node, name string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// wrong is a mistake at a node of a file; at may be nil.
func wrong(file string, at *yaml.Node, format string, args ...any) *mistake.Mistake {
	m := &mistake.Mistake{File: file, Problem: fmt.Sprintf(format, args...)}
	if at != nil {
		m.Line, m.Column = at.Line, at.Column
	}
	return m
}
