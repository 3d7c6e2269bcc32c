package resolution

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Problem is why a request cannot be had.
type Problem struct {
	// Subject is what of the request is to blame; its zero value is none that a document names.
	Subject Subject
	// Text says what is wrong and what would be right.
	Text string
	// With are other parts of the request that have to do with it.
	With []Subject
}

func (p *Problem) Error() string { return p.Text }

// Subject is a part of a request, by one of its names.
type Subject struct {
	Package    string // that is asked for
	Unapproved string // a package that must not be installed
	Source     string // a repository
}

// String is how messages call it.
func (s Subject) String() string {
	switch {
	case s.Unapproved != "":
		return "unapproved " + s.Unapproved
	case s.Source != "":
		return "source " + s.Source
	}
	return s.Package
}

// problems are nil or an error that holds all of them.
func problems(all []*Problem) error {
	var errs *multierror.Error
	for _, p := range all {
		errs = multierror.Append(errs, p)
	}
	return errs.ErrorOrNil()
}

// Locate gives every Problem in err the file and line of the profile's document that it is about, and
// joins them: what err holds besides stays as it is. The profile's secrets, such as a source's URL, are
// not in its text.
func Locate(profile *document.Profile, err error) error {
	mistakes, others := masked(profile, err)
	return errors.Join(append([]error{mistake.Join(mistakes)}, others...)...)
}

// masked is located without the profile's secrets.
func masked(profile *document.Profile, err error) (mistakes []*mistake.Mistake, others []error) {
	if err == nil {
		return nil, nil
	}
	mask := profile.Mask()
	mistakes, others = located(profile, err)
	for _, m := range mistakes {
		m.Problem = mask.Text(m.Problem)
	}
	for i, other := range others {
		others[i] = mask.Error(other)
	}
	return mistakes, others
}

// located divides err into mistakes in the documents and what is none.
func located(profile *document.Profile, err error) (mistakes []*mistake.Mistake, others []error) {
	if err == nil {
		return nil, nil
	}
	var p *Problem
	var many *multierror.Error
	var known *mistake.Mistake
	switch {
	case errors.As(err, &many):
		for _, one := range many.Errors {
			m, o := located(profile, one)
			mistakes, others = append(mistakes, m...), append(others, o...)
		}
		return mistakes, others
	case errors.As(err, &p):
		if m := p.mistake(profile); m != nil {
			return []*mistake.Mistake{m}, nil
		}
		return nil, []error{err}
	case errors.As(err, &known):
		return mistake.All(profile.Locate(err)), nil
	}
	return nil, []error{err}
}

// mistake is the problem at its place in a profile's documents; nil where they name no part of it.
func (p *Problem) mistake(profile *document.Profile) *mistake.Mistake {
	m := &mistake.Mistake{Field: fieldOf(&profile.NodeProfile, p.Subject), Problem: p.Text}
	with := p.With
	for m.Field == "" && len(with) > 0 {
		m.Field, with = fieldOf(&profile.NodeProfile, with[0]), with[1:]
	}
	if m.Field == "" {
		return nil
	}
	if at := places(profile, with); len(at) > 0 {
		m.Problem += " (" + strings.Join(at, ", ") + ")"
	}
	_ = profile.Locate(m)
	return m
}

// places say where subjects are written, as far as a document does.
func places(profile *document.Profile, subjects []Subject) []string {
	var all []string
	for _, s := range subjects {
		m := &mistake.Mistake{Field: fieldOf(&profile.NodeProfile, s)}
		if m.Field == "" {
			continue
		}
		_ = profile.Locate(m)
		at := m.Field
		if m.File != "" && m.Line > 0 {
			at = fmt.Sprintf("%s:%d", m.File, m.Line)
		}
		all = append(all, fmt.Sprintf("%s: %s", s, at))
	}
	return all
}

// fieldOf is the field of a resolved profile that a subject comes from; empty for what every image
// gets.
func fieldOf(profile *v1alpha1.NodeProfile, s Subject) string {
	software := profile.Spec.Software
	switch {
	case s.Package != "":
		return plan.PackageField(profile, s.Package)
	case s.Unapproved != "":
		if i := slices.Index(software.UnapprovedPackages, s.Unapproved); i >= 0 {
			return fmt.Sprintf("spec.software.unapproved_packages[%d]", i)
		}
	case s.Source != "":
		for i, r := range software.Repos {
			if r.Name == s.Source {
				return fmt.Sprintf("spec.software.repos[%d]", i)
			}
		}
	}
	return ""
}
