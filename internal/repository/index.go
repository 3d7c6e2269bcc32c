package repository

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Index finds packages by name in several releases of one architecture. It keeps half of the
// indices' text and nothing else: some 35 MB for the main component of a Debian release.
type Index struct {
	releases  []*Release
	entries   []entry // as they were read: by release, then index, then place in the index
	byName    []int32 // places in entries: by name, then place
	providers []provider
}

type entry struct {
	text    record
	release int // place in the index's releases
	file    int // place in the release's Indices
}

// provider is an entry that provides a name other than its own.
type provider struct {
	name    string
	version string // empty where the provision has none
	entry   int32  // place in the index's entries
}

// errStop ends a scan whose receiver has seen enough.
var errStop = errors.New("stop")

// Packages are the release's packages, in the order of its indices. An error ends them.
func (r *Release) Packages() iter.Seq2[*Package, error] {
	return func(yield func(*Package, error) bool) {
		err := r.records(func(_ int, text []byte) error {
			p, err := record(text).parse(r)
			if err == nil && !yield(p, nil) {
				return errStop
			}
			return err
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// NewIndex reads the indices of the releases. Where several have the same version of a package,
// the first release's is used.
func NewIndex(releases ...*Release) (*Index, error) {
	read := make([]shelf, len(releases))
	var readers errgroup.Group
	for i, r := range releases {
		readers.Go(func() error {
			err := r.records(read[i].add)
			read[i].seal()
			return err
		})
	}
	if err := readers.Wait(); err != nil {
		return nil, err
	}
	x := &Index{releases: releases}
	for i := range read {
		for _, e := range read[i].entries {
			e.release = i
			x.entries = append(x.entries, e)
		}
	}
	x.byName = make([]int32, len(x.entries))
	for i := range x.byName {
		x.byName[i] = int32(i)
	}
	slices.SortStableFunc(x.byName, func(a, b int32) int {
		return strings.Compare(x.entries[a].text.name(), x.entries[b].text.name())
	})
	x.collectProviders()
	return x, nil
}

func (x *Index) collectProviders() {
	for _, i := range x.byName {
		provides := x.entries[i].text.values()[fieldProvides]
		for term := range strings.SplitSeq(provides, ",") {
			term = strings.TrimSpace(term)
			if term == "" {
				continue
			}
			// What cannot be parsed provides nothing; a field nobody asks about stops no build.
			if r, err := parseRelation(term); err == nil && (r.Operator == "" || r.Operator == "=") {
				x.providers = append(x.providers, provider{name: r.Name, version: r.Version, entry: i})
			}
		}
	}
	slices.SortStableFunc(x.providers, func(a, b provider) int { return strings.Compare(a.name, b.name) })
}

// parse copies the entry's text, so that a package does not keep the whole index in memory.
func (x *Index) parse(place int32) (*Package, error) {
	e := x.entries[place]
	return record(strings.Clone(string(e.text))).parse(x.releases[e.release])
}

// named are the places of the entries of that name.
func (x *Index) named(name string) []int32 {
	compare := func(place int32, name string) int { return strings.Compare(x.entries[place].text.name(), name) }
	start, _ := slices.BinarySearchFunc(x.byName, name, compare)
	end := start
	for end < len(x.byName) && compare(x.byName[end], name) == 0 {
		end++
	}
	return x.byName[start:end]
}

// providing are the provisions of name.
func (x *Index) providing(name string) []provider {
	start, _ := slices.BinarySearchFunc(x.providers, name, func(p provider, name string) int {
		return strings.Compare(p.name, name)
	})
	end := start
	for end < len(x.providers) && x.providers[end].name == name {
		end++
	}
	return x.providers[start:end]
}

// Lookup lists the versions of a package, newest first.
func (x *Index) Lookup(name string) ([]*Package, error) {
	var all []*Package
	for _, place := range x.named(name) {
		p, err := x.parse(place)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b *Package) int { return CompareVersions(b.Version, a.Version) })
	return all, nil
}

// Essential are the names of the packages marked Essential: yes, sorted.
func (x *Index) Essential() []string {
	var names []string
	for _, place := range x.byName {
		text := x.entries[place].text
		if strings.EqualFold(text.values()[fieldEssential], "yes") {
			names = append(names, text.name())
		}
	}
	return slices.Compact(names)
}

// provided are the packages that provide name so that r is satisfied. A provision without a
// version satisfies only a relation without one (policy 7.5).
func (x *Index) provided(r Relation) ([]*Package, error) {
	var all []*Package
	for _, p := range x.providing(r.Name) {
		if r.Operator != "" && (p.version == "" || !r.Matches(p.version)) {
			continue
		}
		found, err := x.parse(p.entry)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}
