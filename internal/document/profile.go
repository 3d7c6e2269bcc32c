package document

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Profile is one NodeProfile, resolved and checked.
type Profile struct {
	// NodeProfile has its defaults, and its _append lists merged.
	NodeProfile v1alpha1.NodeProfile
	// Image is the AirshipImage that refers to the profile, or one derived from it.
	Image v1alpha1.AirshipImage
	// Files are those that the profile came from, as the operator named them.
	Files []string
	// Warnings are about what is accepted and has no effect; FILE:LINE: FIELD: text.
	Warnings []string

	// withImage: a document gave Image.
	withImage bool
	file      string
	places    places
}

// Locate gives every Mistake in err that names a field of the profile the file, line, column
// and name by which that field was written. It changes the Mistakes in place and returns err;
// call it before err is wrapped, for fmt.Errorf keeps the text of its time.
func (p *Profile) Locate(err error) error {
	for _, m := range Mistakes(err) {
		if m.File != "" || m.Field == "" {
			continue
		}
		m.File = p.file
		if at, ok := p.places.find(m.Field); ok {
			m.File, m.Line, m.Column, m.Field = at.file, at.line, at.column, at.field
		}
	}
	return err
}

// YAML is the resolved document. It is stable: keys are sorted and reading it again gives the
// same profile and the same YAML. Password hashes are in it.
func (p *Profile) YAML() (string, error) { return canonical(p.NodeProfile) }

// Redacted is a copy without secrets, for documents that are kept.
func (p *Profile) Redacted() (*Profile, error) {
	return p.withSecrets(func(string) string { return Redaction })
}

// Digested is a copy with sha256:HEX in place of each secret, for what must change with a secret
// and not hold it.
func (p *Profile) Digested() (*Profile, error) {
	return p.withSecrets(func(secret string) string {
		return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(secret)))
	})
}

// readProfile resolves and checks a document's profile, as far as its mistakes allow. directory
// is where relative paths in it start.
func readProfile(root *yaml.Node, at place, directory string, checks []Check, r *report) (*Profile, error) {
	own := &report{}
	if _, spec := lookup(root, "spec"); spec != nil {
		fill := &references{
			variables: variablesOf(spec),
			open:      map[string]bool{},
			report:    own,
		}
		filled, err := fill.fill(spec, at.key("spec"))
		if err != nil {
			return nil, err
		}
		*spec = *filled
	}

	var written v1alpha1.NodeProfile
	found := places{}
	d := decoder{report: own, places: found, unknown: own.unsupported}
	d.decode(root, reflect.ValueOf(&written).Elem(), at.at(root), false)

	profile := &Profile{
		NodeProfile: resolve(written, found),
		Files:       []string{at.file},
		file:        at.file,
		places:      found,
	}
	profile.inlineKeyrings(directory, own)
	profile.add(own, check(&profile.NodeProfile))
	for _, check := range checks {
		profile.add(own, check(&profile.NodeProfile))
	}
	profile.Warnings = own.warnings
	r.mistakes = append(r.mistakes, own.mistakes...)
	return profile, nil
}

// add reports what a check of meaning found, without what follows from a mistake that is known
// already: of a value that could not be read, little can be right.
func (p *Profile) add(r *report, err error) {
	known, around := map[string]bool{}, map[string]bool{}
	know := func(field string) {
		known[field] = true
		for ; field != ""; field = parent(field) {
			around[field] = true
		}
	}
	for _, field := range r.settled {
		know(field)
	}
	for _, m := range r.mistakes {
		know(m.Field)
	}
	found := Mistakes(err)
	if err != nil && len(found) == 0 {
		found = []*Mistake{{File: p.file, Problem: err.Error()}}
	}
	for _, m := range found {
		follows := around[m.Field]
		for field := m.Field; field != "" && !follows; field = parent(field) {
			follows = known[field]
		}
		if !follows {
			_ = p.Locate(m)
			r.mistakes = append(r.mistakes, m)
		}
	}
}

// Packages are all that the profile asks for, NAME or NAME=VERSION, sorted and each once; what
// they depend on is not among them. Never nil.
func (p *Profile) Packages() []string {
	all := asked(&p.NodeProfile.Spec.Software)
	slices.Sort(all)
	return slices.Compact(all)
}
