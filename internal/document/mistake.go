package document

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

// Error is FILE:LINE: FIELD: PROBLEM, without what is unknown.
func (m *Mistake) Error() string {
	var text strings.Builder
	if m.File != "" {
		text.WriteString(m.File)
		if m.Line > 0 {
			fmt.Fprintf(&text, ":%d", m.Line)
		}
		text.WriteString(": ")
	}
	if m.Field != "" {
		text.WriteString(m.Field + ": ")
	}
	text.WriteString(m.Problem)
	return text.String()
}

// Mistakes lists every Mistake in err, however it is wrapped or collected.
func Mistakes(err error) []*Mistake {
	switch e := err.(type) {
	case nil:
		return nil
	case *Mistake:
		return []*Mistake{e}
	case *multierror.Error:
		return mistakesOf(e.Errors)
	case interface{ Unwrap() []error }:
		return mistakesOf(e.Unwrap())
	default:
		return Mistakes(errors.Unwrap(err))
	}
}

func mistakesOf(errs []error) []*Mistake {
	var all []*Mistake
	for _, err := range errs {
		all = append(all, Mistakes(err)...)
	}
	return all
}

// report collects mistakes and warnings while documents are read.
type report struct {
	mistakes []*Mistake
	warnings []string
	// settled are fields without a value because of a mistake that is reported elsewhere.
	settled []string
}

func (r *report) mistake(at place, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{
		File: at.file, Line: at.line, Column: at.column, Field: at.field,
		Problem: fmt.Sprintf(format, args...),
	})
}

func (r *report) warn(at place, format string, args ...any) {
	warning := &Mistake{File: at.file, Line: at.line, Field: at.field, Problem: fmt.Sprintf(format, args...)}
	r.warnings = append(r.warnings, warning.Error())
}

// err is nil, the only mistake, or all of them in the order of file and line.
func (r *report) err() error {
	distinct := once(r.mistakes)
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

// required begins the problem of a missing field, whose place is the mapping that lacks it.
const required = "is required"

// once leaves out what was found again at the same place, through an anchor or a reference.
func once(mistakes []*Mistake) []*Mistake {
	var distinct []*Mistake
	seen := map[Mistake]bool{}
	for _, m := range mistakes {
		same := *m
		if m.Line > 0 && !strings.HasPrefix(m.Problem, required) {
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
