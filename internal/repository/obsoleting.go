package repository

import "strings"

// obsoleting finds the places of packages that make one that is reached obsolete in the eyes of
// apt's second solver, which tries it last: another package has a newer version of their source.
func obsoleting(x *Index, reached map[string]bool) map[int32]bool {
	oldest := map[string]string{} // versions by source
	for _, e := range x.entries {
		if !reached[folded(e.text.name())] {
			continue
		}
		source, version := sourceOf(e.text.values())
		if known, found := oldest[source]; !found || CompareVersions(version, known) < 0 {
			oldest[source] = version
		}
	}
	found := map[int32]bool{}
	for place, e := range x.entries {
		source, version := sourceOf(e.text.values())
		if than, shared := oldest[source]; shared && CompareVersions(version, than) > 0 {
			found[int32(place)] = true
		}
	}
	return found
}

// sourceOf is a package's source and its version, written NAME (VERSION); either is the package's
// own where it is left out.
func sourceOf(v [fieldCount]string) (name, version string) {
	name, version = v[fieldName], v[fieldVersion]
	if v[fieldSource] == "" {
		return name, version
	}
	name, rest, _ := strings.Cut(v[fieldSource], " ")
	if _, rest, found := strings.Cut(rest, "("); found {
		version, _, _ = strings.Cut(rest, ")")
	}
	return name, version
}
