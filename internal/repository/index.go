package repository

import (
	"errors"
	"iter"
	"slices"
	"strings"
)

// Index finds packages by name in several releases of one architecture. It keeps a third of the
// indices' text and nothing else: some 30 MB for the main component of a Debian release.
type Index struct {
	entries   []entry // by name, then in the order of the releases
	providers []provider
}

type entry struct {
	text    record
	release *Release
}

// parse copies the text, so that a package does not keep the whole index in memory.
func (e entry) parse() (*Package, error) {
	return record(strings.Clone(string(e.text))).parse(e.release)
}

// provider is an entry that provides a name other than its own.
type provider struct {
	name    string
	version string // empty where the provision has none
	entry   int    // place in the index's entries
}

// chunkSize of the texts that records lie in: large, so that they cost few allocations.
const chunkSize = 1 << 20

// errStop ends a scan whose receiver has seen enough.
var errStop = errors.New("stop")

// Packages are the release's packages, in the order of its indices. An error ends them.
func (r *Release) Packages() iter.Seq2[*Package, error] {
	return func(yield func(*Package, error) bool) {
		err := r.records(func(text []byte) error {
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
	index := &Index{}
	for _, r := range releases {
		chunk := make([]byte, 0, chunkSize)
		var ends []int
		seal := func() {
			text, start := string(chunk), 0
			for _, end := range ends {
				index.entries = append(index.entries, entry{text: record(text[start:end]), release: r})
				start = end
			}
			chunk, ends = chunk[:0], ends[:0]
		}
		err := r.records(func(text []byte) error {
			if len(chunk)+len(text) > chunkSize {
				seal()
			}
			chunk = append(chunk, text...)
			ends = append(ends, len(chunk))
			return nil
		})
		if err != nil {
			return nil, err
		}
		seal()
	}
	slices.SortStableFunc(index.entries, func(a, b entry) int {
		return strings.Compare(a.text.name(), b.text.name())
	})
	index.collectProviders()
	return index, nil
}

func (x *Index) collectProviders() {
	for i, e := range x.entries {
		provides := e.text.values()[fieldProvides]
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

// Lookup lists the versions of a package, newest first.
func (x *Index) Lookup(name string) ([]*Package, error) {
	start, _ := slices.BinarySearchFunc(x.entries, name, func(e entry, name string) int {
		return strings.Compare(e.text.name(), name)
	})
	var all []*Package
	for _, e := range x.entries[start:] {
		if e.text.name() != name {
			break
		}
		p, err := e.parse()
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
	for _, e := range x.entries {
		if strings.EqualFold(e.text.values()[fieldEssential], "yes") {
			names = append(names, e.text.name())
		}
	}
	return slices.Compact(names)
}

// provided are the packages that provide name so that r is satisfied. A provision without a
// version satisfies only a relation without one (policy 7.5).
func (x *Index) provided(r Relation) ([]*Package, error) {
	start, _ := slices.BinarySearchFunc(x.providers, r.Name, func(p provider, name string) int {
		return strings.Compare(p.name, name)
	})
	var all []*Package
	for _, p := range x.providers[start:] {
		if p.name != r.Name {
			break
		}
		if r.Operator != "" && (p.version == "" || !r.Matches(p.version)) {
			continue
		}
		found, err := x.entries[p.entry].parse()
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}
