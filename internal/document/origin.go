package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

const (
	// placeMark begins the comment that says where a line of a resolved profile was written.
	placeMark = "#@ "
	// warningMark begins a line at the head of a resolved profile that holds one of its Warnings.
	warningMark = "#! "
	// sourceMark begins the first line of a resolved profile with secrets: where its documents are.
	sourceMark = "#! source: "
	// outputMark is a line at the head that holds the OutputDirectory.
	outputMark = "#! output: "
	// resolvedMark is a line at the head of a resolved profile whose image's params and files are in it.
	resolvedMark = "#! resolved"
)

// SourcedYAML is YAML with a comment behind each value that names the file, line and column it was written
// at, Warnings as comments before it and, where a document gave one, Image as a second document. Where
// references stand in it for secrets, its first line says which documents hold them. Parse reads all
// of this, so that mistakes found later are still told by the documents' lines.
func (p *Profile) SourcedYAML() (string, error) {
	shown := p.Referenced()
	text, err := canonical(shown.NodeProfile)
	if err != nil {
		return "", err
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	eachLine(&root, "", func(node *yaml.Node, field string) {
		if at, ok := p.places[field]; ok {
			node.LineComment = comment(at, field)
		}
	})
	body, err := rendered(&root)
	if err != nil {
		return "", err
	}
	if p.withImage {
		image, err := canonical(shown.Image)
		if err != nil {
			return "", err
		}
		body += "---\n" + image
	}
	var head strings.Builder
	if p.origin != nil && (len(p.secrets)+len(p.imageSecrets) > 0 || strings.Contains(body, secretMark)) {
		source, err := json.Marshal(p.origin)
		if err != nil {
			return "", fmt.Errorf("render the source: %w", err)
		}
		head.WriteString(sourceMark + ascii(source) + "\n")
	}
	if p.withImage {
		head.WriteString(resolvedMark + "\n")
	}
	if p.OutputDirectory != "" {
		head.WriteString(outputMark + strings.Map(printable, p.OutputDirectory) + "\n")
	}
	for _, warning := range p.Warnings {
		head.WriteString(warningMark + strings.Map(printable, warning) + "\n")
	}
	return head.String() + body, nil
}

// comment is FILE:LINE:COLUMN, zero where unknown, and, where it was written by another name, the field.
func comment(at tree.Place, field string) string {
	text := fmt.Sprintf("%s%s:%d:%d", placeMark, at.File, at.Line, at.Column)
	if at.Field != field && at.Field != "" {
		text += " " + at.Field
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return text
}

var placeComment = regexp.MustCompile(`^` + placeMark + `(.*):(\d+):(\d+)(?: (.*))?$`)

// uncomment is the place that comment made a text of; false where it is none.
func uncomment(text, field string) (tree.Place, bool) {
	parts := placeComment.FindStringSubmatch(text)
	if parts == nil {
		return tree.Place{}, false
	}
	at := tree.Place{File: parts[1], Field: field}
	at.Line, _ = strconv.Atoi(parts[2])
	at.Column, _ = strconv.Atoi(parts[3])
	if parts[4] != "" {
		at.Field = parts[4]
	}
	return at, true
}

// ascii is JSON with nothing in it that could end a comment.
func ascii(data []byte) string {
	var text bytes.Buffer
	for _, r := range string(data) {
		switch {
		case r < 0x7f:
			text.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&text, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&text, `\u%04x`, r)
		}
	}
	return text.String()
}

// printable keeps a file's name from ending the comment that it is in.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return ' '
	}
	return r
}

// isResolved says whether text is what SourcedYAML made.
func isResolved(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line == resolvedMark {
			return true
		}
		if !strings.HasPrefix(line, warningMark) {
			return false
		}
	}
	return false
}

// takeHead replaces p's warnings and output directory by those at the head of text, which p was read
// from: they name the documents, and what is still in text would be warned of twice.
func (p *Profile) takeHead(text string) {
	var carried []string
	for line := range strings.Lines(text) {
		warning, marked := strings.CutPrefix(strings.TrimRight(line, "\r\n"), warningMark)
		if !marked {
			break
		}
		if warningMark+warning == resolvedMark {
			continue
		}
		if directory, ok := strings.CutPrefix(warningMark+warning, outputMark); ok {
			p.OutputDirectory = directory
			continue
		}
		carried = append(carried, warning)
	}
	if len(carried) > 0 {
		p.Warnings = carried
	}
}

// takePlaces replaces the places in text, which p was read from, by those that its comments name.
func (p *Profile) takePlaces(text string) error {
	if !strings.Contains(text, placeMark) {
		return nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return err
	}
	eachLine(&root, "", func(node *yaml.Node, field string) {
		if _, known := p.places[field]; !known {
			return
		}
		if at, marked := uncomment(node.LineComment, field); marked {
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
			name := tree.Join(field, key.Value)
			if value.Kind == yaml.ScalarNode {
				visit(value, name)
				continue
			}
			visit(key, name)
			eachLine(value, name, visit)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			name := tree.Element(field, i)
			if item.Kind == yaml.ScalarNode {
				visit(item, name)
				continue
			}
			eachLine(item, name, visit)
		}
	}
}
