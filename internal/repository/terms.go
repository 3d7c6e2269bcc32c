package repository

import (
	"iter"
	"strings"
)

// space is what separates words to apt.
const space = " \t\n\v\f\r"

// term is a relation as far as Narrow wants to know it.
type term struct {
	name      string
	qualifier string // what follows the last colon
}

// terms are the relations of a field, alternatives included, read as leniently as apt does: what
// ParseRelations refuses may still make apt look at a package.
func terms(field string) iter.Seq[term] {
	return func(yield func(term) bool) {
		for field != "" {
			var text string
			text, field = field, ""
			if i := strings.IndexAny(text, ",|"); i >= 0 {
				text, field = text[:i], text[i+1:]
			}
			text = strings.TrimLeft(text, space)
			if i := strings.IndexAny(text, space+"()[]<>"); i >= 0 {
				text = text[:i]
			}
			if text == "" {
				continue
			}
			t := term{name: text}
			if i := strings.LastIndexByte(text, ':'); i >= 0 {
				t.name, t.qualifier = text[:i], text[i+1:]
			}
			if !yield(t) {
				return
			}
		}
	}
}
