package tree

import (
	"fmt"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Report collects mistakes and warnings while documents are read.
type Report struct {
	Mistakes []*mistake.Mistake
	// Warnings are FILE:LINE: FIELD: text.
	Warnings []string
	// Settled are fields without a value because of a mistake that is reported elsewhere.
	Settled []string
}

// Mistake reports what is wrong at a place.
func (r *Report) Mistake(at Place, format string, args ...any) {
	r.Mistakes = append(r.Mistakes, &mistake.Mistake{
		File: at.File, Line: at.Line, Column: at.Column, Field: at.Field,
		Problem: fmt.Sprintf(format, args...),
	})
}

// Warn tells of what is accepted and has no effect.
func (r *Report) Warn(at Place, format string, args ...any) {
	warning := &mistake.Mistake{File: at.File, Line: at.Line, Field: at.Field, Problem: fmt.Sprintf(format, args...)}
	r.Warnings = append(r.Warnings, warning.Error())
}

// Add takes what another report collected.
func (r *Report) Add(other *Report) {
	r.Mistakes = append(r.Mistakes, other.Mistakes...)
	r.Warnings = append(r.Warnings, other.Warnings...)
	r.Settled = append(r.Settled, other.Settled...)
}

// Err is nil, the only mistake, or all of them in the order of file and line.
func (r *Report) Err() error { return mistake.Join(r.Mistakes) }
