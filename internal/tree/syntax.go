package tree

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxText bounds a text's size in bytes; YAML takes a hundred times its size in memory.
const MaxText = 1 << 20

// Parse reads the documents of a text, as far as its syntax is right; file names the text in
// messages. Empty documents are left out, a text without any is a mistake.
func Parse(file string, data []byte, r *Report) []*Node {
	if len(data) > MaxText {
		r.Mistake(Place{File: file}, "is larger than %d KiB, too large for a document", MaxText>>10)
		return nil
	}
	var plain []*Node
	for _, root := range parse(file, data, r) {
		g := &grower{open: map[*yaml.Node]bool{}, report: r, file: file}
		node, err := g.plain(root, "")
		if err != nil {
			r.Mistake(g.place(root, ""), "%s", err)
			continue
		}
		plain = append(plain, node)
	}
	return plain
}

// parse is the roots of a text's documents, as far as its syntax is right.
func parse(file string, data []byte, r *Report) []*yaml.Node {
	if line, problem := Encoding(data); problem != "" {
		r.Mistake(Place{File: file, Line: line}, "%s", problem)
		return nil
	}
	var roots []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, problem := explain(err, data)
			r.Mistake(Place{File: file, Line: line}, "not valid YAML: %s", problem)
			return roots
		}
		// An empty document between two markers has no content or a null.
		if len(doc.Content) == 1 && doc.Content[0].Tag != "!!null" {
			roots = append(roots, doc.Content[0])
		}
	}
	if len(roots) == 0 {
		r.Mistake(Place{File: file}, "is empty; want YAML documents with apiVersion, kind, metadata and spec")
	}
	return roots
}

// Encoding finds what the parser refuses without saying where.
func Encoding(data []byte) (line int, problem string) {
	line = 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return line, "is not UTF-8 text"
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return line, "holds a control character; is it a text file?"
		}
		i += size
	}
	return 0, ""
}

var (
	yamlLine      = regexp.MustCompile(`^(?:line (\d+): )?(.*)`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
)

// explain is the line and the meaning of an error of the YAML parser.
func explain(err error, data []byte) (line int, problem string) {
	match := yamlLine.FindStringSubmatch(strings.TrimPrefix(err.Error(), "yaml: "))
	line, _ = strconv.Atoi(match[1])
	problem = match[2]
	if line == 0 {
		line = 1
	}
	// The library counts from zero in errors of its parser, but from one in those of its scanner.
	if match[1] != "" && (strings.HasPrefix(problem, "did not find expected") || strings.HasPrefix(problem, "found undefined tag")) {
		line++
	}
	text := lineOf(data, line)
	switch {
	case unknownAnchor.MatchString(problem):
		name := unknownAnchor.FindStringSubmatch(problem)[1]
		line = lineWith(data, "*"+name)
		problem = "the anchor &" + name + " is not defined above this alias"
	case problem == "found character that cannot start any token" && strings.HasPrefix(strings.TrimLeft(text, " "), "\t"):
		problem = "a tab indents this line; YAML takes spaces only"
	case problem == "found character that cannot start any token":
		problem = "a value that begins with @, ` or % must be in quotes"
	case problem == "found unexpected end of stream":
		problem = "a quoted value that begins here is not closed"
	case problem == "mapping values are not allowed in this context":
		problem = "a key is not allowed here; the line is indented too far, or a value with a colon and a space is not in quotes"
	}
	return line, problem
}

func lineOf(data []byte, line int) string {
	for i, text := range strings.Split(string(data), "\n") {
		if i == line-1 {
			return text
		}
	}
	return ""
}

// lineWith is the first line with word at its end or before a separator.
func lineWith(data []byte, word string) int {
	for i, text := range strings.Split(string(data), "\n") {
		for _, candidate := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r,[]{}", r) }) {
			if candidate == word {
				return i + 1
			}
		}
	}
	return 1
}
