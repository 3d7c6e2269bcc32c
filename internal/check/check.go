// Package check says what is wrong with the values that a node profile carries into other programs' files.
//
// A value goes in as it would stand in the file; problems come out in the words of a mistake, without
// the field, which the caller knows. What a check names is certainly wrong: the program that reads
// the file would refuse it, pass over it without a word, or do something else than it says.
//
// Functions of one value return one problem, empty for none. Functions of a text of lines return
// every problem, each with its line in the text. Where a value is still a template (Template), nothing
// can be said of it, and callers leave it out.
package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Template tells whether a value is made by Jinja later on, by Ansible on the node's tree.
func Template(value string) bool {
	return strings.Contains(value, "{{") || strings.Contains(value, "{%")
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// oneOf is the problem of a word that is none of those known.
func oneOf(noun, word string, known []string) string {
	if slices.Contains(known, word) {
		return ""
	}
	return fmt.Sprintf("unknown %s %s%s", noun, mistake.Word(word), mistake.Suggest(word, known))
}

// problems collects what is wrong with a text of lines.
type problems []string

// most bounds the problems of one text: a text of another format has one a line.
const most = 10

func (p *problems) add(line int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if line > 0 {
		text = fmt.Sprintf("line %d: %s", line, text)
	}
	switch {
	case len(*p) < most:
		*p = append(*p, text)
	case len(*p) == most:
		*p = append(*p, "and more")
	}
}
