package tree

import (
	"fmt"
	"strings"
)

// Place is where something stands in the documents.
type Place struct {
	File         string // as the operator named it
	Line, Column int    // 1-based; 0 where unknown
	// Field is the path inside its document, as it was written: spec.software.packages_append[3].
	Field string
}

// String is FILE:LINE:COLUMN, without what is unknown.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Key is the place of a mapping's field.
func (p Place) Key(name string) Place {
	p.Field = Join(p.Field, name)
	return p
}

// Index is the place of a list's element.
func (p Place) Index(i int) Place {
	p.Field = Element(p.Field, i)
	return p
}

// At is p's field at the file, line and column of another place.
func (p Place) At(other Place) Place {
	p.File, p.Line, p.Column = other.File, other.Line, other.Column
	return p
}

// Join is the path of a mapping's field.
func Join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// Element is the path of a list's element.
func Element(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// Parent is the path of what is around field: spec.a of spec.a[0] and of spec.a.b.
func Parent(field string) string {
	return field[:max(0, strings.LastIndexAny(field, ".["))]
}
