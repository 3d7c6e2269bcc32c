package repository

import (
	"fmt"
	"slices"
	"strings"
)

// WhyNot says why no release has a package asked for as NAME or NAME=VERSION, and what it has
// instead; empty where one has it.
func (x *Index) WhyNot(asked string) (string, error) {
	name, version, pinned := strings.Cut(asked, "=")
	r := Relation{Name: name}
	if pinned {
		r.Operator, r.Version = "=", version
	}
	found, err := x.Lookup(name)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(found, func(p *Package) bool { return r.Matches(p.Version) }) {
		return "", nil
	}
	reason, err := (&try{solver: &solver{index: x}}).whyNot(r)
	if pinned && len(found) > 0 {
		reason = fmt.Sprintf("version %s is asked for; %s", version, reason)
	}
	return reason, err
}
