package document

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// originMark begins the comment that says where a line of a resolved profile was written.
const originMark = "#@ "

// warningMark begins a line at the head of a resolved profile that holds one of its Warnings.
const warningMark = "#! "

// SourcedYAML is YAML with a comment behind each value that names the file and line it was written
// at, Warnings as comments before it and, where a document gave one, Image as a second document.
// Parse reads all of them, so that mistakes found later are still told by the documents' lines.
func (p *Profile) SourcedYAML() (string, error) {
	text, err := p.YAML()
	if err != nil {
		return "", err
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	eachLine(&root, "", func(node *yaml.Node, field string) {
		if at, ok := p.places[field]; ok && at.line > 0 && !strings.ContainsAny(at.file, "\n\r") {
			node.LineComment = fmt.Sprintf("%s%s:%d", originMark, at.file, at.line)
		}
	})
	var out bytes.Buffer
	for _, warning := range p.Warnings {
		out.WriteString(warningMark + strings.Map(printable, warning) + "\n")
	}
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	if p.withImage {
		image, err := p.ImageYAML()
		if err != nil {
			return "", err
		}
		out.WriteString("---\n" + image)
	}
	return out.String(), nil
}

// printable keeps a file's name from ending the comment that it is in.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return ' '
	}
	return r
}

// takeWarnings replaces p's warnings by those at the head of text, which p was read from: they
// name the documents, and what is still in text would be warned of twice.
func (p *Profile) takeWarnings(text string) {
	var carried []string
	for line := range strings.Lines(text) {
		warning, marked := strings.CutPrefix(strings.TrimRight(line, "\r\n"), warningMark)
		if !marked {
			break
		}
		carried = append(carried, warning)
	}
	if len(carried) > 0 {
		p.Warnings = carried
	}
}

// takeOrigins replaces the places in text, which p was read from, by those that its comments name.
func (p *Profile) takeOrigins(text string) error {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return err
	}
	eachLine(&root, "", func(node *yaml.Node, field string) {
		origin, marked := strings.CutPrefix(node.LineComment, originMark)
		colon := strings.LastIndexByte(origin, ':')
		at, known := p.places[field]
		if !marked || !known || colon < 0 {
			return
		}
		if line, err := strconv.Atoi(origin[colon+1:]); err == nil && line > 0 {
			at.file, at.line, at.column = origin[:colon], line, 0
			p.places[field] = at
		}
	})
	return nil
}

// eachLine visits the node that ends each line of a document in block style, with its field: a
// scalar, or the key of a mapping or list.
func eachLine(node *yaml.Node, field string, visit func(node *yaml.Node, field string)) {
	switch node.Kind {
	case yaml.DocumentNode:
		for _, inner := range node.Content {
			eachLine(inner, field, visit)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			name := strings.TrimPrefix(field+"."+key.Value, ".")
			if value.Kind == yaml.ScalarNode {
				visit(value, name)
				continue
			}
			visit(key, name)
			eachLine(value, name, visit)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			name := fmt.Sprintf("%s[%d]", field, i)
			if item.Kind == yaml.ScalarNode {
				visit(item, name)
				continue
			}
			eachLine(item, name, visit)
		}
	}
}
