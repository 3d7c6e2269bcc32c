// Package mistake is how this program says that something in a document is wrong.
//
// Rooms make Mistakes of what they find, with a field and, where they know it, a file and line; what
// leaves is one error that lists all of them, in the words of whoever wrote the document.
package mistake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Mistake is something wrong in a document, said to whoever wrote it.
type Mistake struct {
	File   string // as the operator named it; empty while unknown
	Line   int    // 1-based; 0 while unknown
	Column int    // 1-based, in characters; 0 while unknown
	// Field is the path inside the document: spec.storage.partitions[1].part_end.
	Field string
	// Problem says what is wrong and what would be right.
	Problem string
}

// Error is FILE:LINE:COLUMN: FIELD: PROBLEM, without what is unknown.
func (m *Mistake) Error() string {
	var text strings.Builder
	if m.File != "" {
		text.WriteString(m.File)
		if m.Line > 0 {
			fmt.Fprintf(&text, ":%d", m.Line)
		}
		if m.Line > 0 && m.Column > 0 {
			fmt.Fprintf(&text, ":%d", m.Column)
		}
		text.WriteString(": ")
	}
	if m.Field != "" {
		text.WriteString(m.Field + ": ")
	}
	text.WriteString(m.Problem)
	return text.String()
}

// All lists every Mistake in err, however it is wrapped or collected.
func All(err error) []*Mistake {
	switch e := err.(type) {
	case nil:
		return nil
	case *Mistake:
		return []*Mistake{e}
	case *multierror.Error:
		return allOf(e.Errors)
	case interface{ Unwrap() []error }:
		return allOf(e.Unwrap())
	default:
		return All(errors.Unwrap(err))
	}
}

func allOf(errs []error) []*Mistake {
	var all []*Mistake
	for _, err := range errs {
		all = append(all, All(err)...)
	}
	return all
}

// Join is nil, the only mistake, or a *multierror.Error of all of them in the order of file and
// line. What was found again at the same place is said once.
func Join(mistakes []*Mistake) error {
	distinct := once(mistakes)
	slices.SortStableFunc(distinct, func(a, b *Mistake) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	switch len(distinct) {
	case 0:
		return nil
	case 1:
		return distinct[0]
	}
	all := &multierror.Error{ErrorFormat: list}
	for _, one := range distinct {
		all.Errors = append(all.Errors, one)
	}
	return all
}

// Required begins the problem of a missing field, whose place is the mapping that lacks it.
const Required = "is required"

// once leaves out what was found again at the same place, through an anchor or a reference.
func once(mistakes []*Mistake) []*Mistake {
	var distinct []*Mistake
	seen := map[Mistake]bool{}
	for _, m := range mistakes {
		same := *m
		if m.Line > 0 && !strings.HasPrefix(m.Problem, Required) {
			same.Field = ""
		}
		if !seen[same] {
			seen[same] = true
			distinct = append(distinct, m)
		}
	}
	return distinct
}

// shown bounds how many mistakes one message lists; a file of another format makes thousands.
const shown = 50

func list(errs []error) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d mistakes:", len(errs))
	for i, err := range errs {
		if i == shown {
			fmt.Fprintf(&text, "\n  and %d more", len(errs)-shown)
			break
		}
		text.WriteString("\n  " + err.Error())
	}
	return text.String()
}
