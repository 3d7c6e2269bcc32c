package repository

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Closure is what must be unpacked for the roots (NAME or NAME=VERSION) to work: they and,
// recursively, what they need by Pre-Depends and Depends; sorted by name, one version of each. The
// same index and roots give the same result.
//
// The newest version that fits is chosen. Of alternatives, one that something chosen satisfies is
// preferred, then the first that can be installed; for a virtual package, the provider with the
// most important priority. Conflicts and Breaks are not looked at: they forbid configuring two
// packages in one system, not having their files in one tree.
//
// Every root that cannot be had is reported, in one *multierror.Error, with the reason.
func Closure(index *Index, roots []string) ([]*Package, error) {
	s := &solver{index: index, excluded: map[string]string{}, named: map[string][]*Package{}}
	roots = slices.Compact(slices.Sorted(slices.Values(roots)))
	// A package found to be broken is excluded and the search begins again, so that another
	// alternative, or an older version, takes its place: at most once for each package.
	for {
		t := &try{solver: s, chosen: map[string]*Package{}, provided: map[string][]Relation{}}
		again, err := t.run(roots)
		if err != nil {
			return nil, err
		}
		if again {
			continue
		}
		if err := t.failures.ErrorOrNil(); err != nil {
			return nil, err
		}
		all := make([]*Package, 0, len(t.chosen))
		for _, p := range t.chosen {
			all = append(all, p)
		}
		slices.SortFunc(all, func(a, b *Package) int { return strings.Compare(a.Name, b.Name) })
		return all, nil
	}
}

// solver is what the tries share.
type solver struct {
	index *Index
	// excluded packages, by identity, with the reason.
	excluded map[string]string
	named    map[string][]*Package
}

// identity of a package among all versions of all packages.
func (p *Package) identity() string { return p.Name + "=" + p.Version }

// versions of a package that are not excluded, newest first.
func (s *solver) versions(name string) ([]*Package, error) {
	all, known := s.named[name]
	if !known {
		var err error
		if all, err = s.index.Lookup(name); err != nil {
			return nil, err
		}
		s.named[name] = all
	}
	return slices.DeleteFunc(slices.Clone(all), s.isExcluded), nil
}

func (s *solver) isExcluded(p *Package) bool {
	_, found := s.excluded[p.identity()]
	return found
}

// try is one search from the roots down.
type try struct {
	*solver
	chosen map[string]*Package // by name
	// provided are the provisions of what is chosen, by the name provided.
	provided map[string][]Relation
	queue    []*Package
	failures *multierror.Error
}

// run chooses the roots and what they need. It asks for another run when it had to exclude a
// package.
func (t *try) run(roots []string) (again bool, err error) {
	for _, root := range roots {
		if err := t.chooseRoot(root); err != nil {
			return false, err
		}
	}
	for len(t.queue) > 0 {
		p := t.queue[0]
		t.queue = t.queue[1:]
		reason, err := t.satisfy(p)
		if err != nil {
			return false, err
		}
		if reason != "" {
			t.excluded[p.identity()] = reason
			again = true
		}
	}
	return again, nil
}

func (t *try) chooseRoot(root string) error {
	name, version, _ := strings.Cut(root, "=")
	wanted := Relation{Name: name}
	if version != "" {
		wanted.Operator, wanted.Version = "=", version
	}
	candidates, err := t.versions(name)
	if err != nil {
		return err
	}
	for _, p := range candidates {
		if wanted.Matches(p.Version) {
			t.choose(p)
			return nil
		}
	}
	reason, err := t.whyNot(wanted)
	if err != nil {
		return err
	}
	t.failures = multierror.Append(t.failures, fmt.Errorf("package %s: %s", root, reason))
	return nil
}

func (t *try) choose(p *Package) {
	t.chosen[p.Name] = p
	t.queue = append(t.queue, p)
	// Like the index, it passes over provisions that cannot be parsed.
	for term := range strings.SplitSeq(p.Provides, ",") {
		if r, err := parseRelation(strings.TrimSpace(term)); err == nil {
			t.provided[r.Name] = append(t.provided[r.Name], r)
		}
	}
}

// satisfy chooses what p needs; the reason is not empty where that cannot be had.
func (t *try) satisfy(p *Package) (reason string, err error) {
	for _, text := range []string{p.PreDepends, p.Depends} {
		terms, err := ParseRelations(text)
		if err != nil {
			return fmt.Sprintf("%s has a malformed %v", p.identity(), err), nil
		}
		for _, either := range terms {
			found, err := t.satisfyOne(either, p.Release.Architecture)
			if err != nil {
				return "", err
			}
			if !found {
				return t.explain(either)
			}
		}
	}
	return "", nil
}

// satisfyOne sees to it that one of the alternatives is chosen; false where none can be.
func (t *try) satisfyOne(either Alternatives, architecture string) (bool, error) {
	applying := slices.DeleteFunc(slices.Clone(either), func(r Relation) bool { return !r.AppliesTo(architecture) })
	if len(applying) == 0 || slices.ContainsFunc(applying, func(r Relation) bool { return t.satisfied(r, architecture) }) {
		return true, nil
	}
	for _, r := range applying {
		p, err := t.candidate(r, architecture)
		if err != nil {
			return false, err
		}
		if p != nil {
			t.choose(p)
			return true, nil
		}
	}
	return false, nil
}

// foreign relations ask for a package of another architecture, which no index here has.
func foreign(r Relation, architecture string) bool {
	return r.Qualifier != "" && r.Qualifier != "any" && r.Qualifier != "native" && r.Qualifier != architecture
}

func (t *try) satisfied(r Relation, architecture string) bool {
	if foreign(r, architecture) {
		return false
	}
	if p := t.chosen[r.Name]; p != nil && r.Matches(p.Version) {
		return true
	}
	return slices.ContainsFunc(t.provided[r.Name], func(provision Relation) bool {
		return r.Operator == "" || provision.Version != "" && r.Matches(provision.Version)
	})
}

// candidate is the package to choose for r; nil where there is none. A name that is chosen already
// has no other candidate: two versions of a package cannot be installed.
func (t *try) candidate(r Relation, architecture string) (*Package, error) {
	if foreign(r, architecture) {
		return nil, nil
	}
	named, err := t.versions(r.Name)
	if err != nil {
		return nil, err
	}
	for _, p := range named {
		if t.chosen[p.Name] == nil && r.Matches(p.Version) {
			return p, nil
		}
	}
	providing, err := t.index.provided(r)
	if err != nil {
		return nil, err
	}
	providing = slices.DeleteFunc(providing, func(p *Package) bool { return t.chosen[p.Name] != nil || t.isExcluded(p) })
	if len(providing) == 0 {
		return nil, nil
	}
	return slices.MinFunc(providing, preferred), nil
}

// priorities, the most important first (policy 2.5).
var priorities = []string{"required", "important", "standard", "optional", "extra"}

// preferred orders the providers of a virtual package.
func preferred(a, b *Package) int {
	if order := rank(a.Priority) - rank(b.Priority); order != 0 {
		return order
	}
	if order := strings.Compare(a.Name, b.Name); order != 0 {
		return order
	}
	return CompareVersions(b.Version, a.Version)
}

func rank(priority string) int {
	if i := slices.Index(priorities, priority); i >= 0 {
		return i
	}
	return len(priorities)
}
