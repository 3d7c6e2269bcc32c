package repository

import (
	"bytes"
	"strings"
)

// Narrowed is a release with those packages alone that an answer of apt's can depend on.
type Narrowed struct {
	release *Release
	// packages are the texts of Packages files, one for each of the release's Indices.
	packages [][]byte
}

// Size is that of the Packages files, in bytes.
func (n Narrowed) Size() (size int) {
	for _, text := range n.packages {
		size += len(text)
	}
	return size
}

// Narrow leaves out the packages that cannot matter when apt 3.0 is asked, with no package
// installed and Install-Recommends off, to
//
//	install ?essential ?priority(required) apt ROOT…
//
// where a root is NAME or NAME=VERSION: of Debian's 63,000 packages it leaves some hundreds. The
// releases stay in their order. apt's answer is the one that it would give with all packages:
//
//   - It installs a package because it was asked for, or to satisfy a Pre-Depends or Depends of one
//     that it considers installing, whichever alternative, version or provider it tries. So what
//     is reached from the roots by these fields over all alternatives, versions and providers, is
//     all that it can install; every version of every name reached is kept. Recommends, Suggests,
//     Enhances and Replaces install nothing, and neither do Tasks, Important: yes and Protected: yes,
//     which matter for what is installed or asked for.
//   - Conflicts and Breaks matter between packages that are to be installed. One that names a
//     package outside finds it not installed, as it would be. Everything that apt computes from
//     fields of packages to be installed (scores, hashes of versions, pins, and what the solver that
//     takes over when the first fails queues for Recommends) it computes from the same fields: those
//     of a package that is kept are kept.
//   - That solver also asks whether any package has a newer version of the same source: such
//     packages are kept, see obsoleting.
//   - Between providers of equal rank apt chooses by the order in which it first saw their names, and
//     it marks what ?essential matches in that order: names tells it, see mentions. Other
//     orders are those of hashes of names, which do not depend on what else there is.
//
// One thing is left to chance: where what was asked for is broken by a conflict, apt's first solver
// looks at the broken packages of equal score in the order of an unstable sort over all packages.
func (x *Index) Narrow(roots []string) []Narrowed {
	reached := x.reach(roots)
	obsoleting := x.obsoleting(reached)
	texts := make([][]bytes.Buffer, len(x.releases))
	for i, r := range x.releases {
		texts[i] = make([]bytes.Buffer, len(r.Indices))
	}
	if len(texts) > 0 && len(texts[0]) > 0 {
		mentions(x, reached).writeTo(&texts[0][0])
	}
	for place, e := range x.entries {
		if reached[folded(e.text.name())] || obsoleting[int32(place)] {
			e.text.writeTo(&texts[e.release][e.file])
		}
	}
	all := make([]Narrowed, len(x.releases))
	for i, r := range x.releases {
		all[i].release = r
		for file := range texts[i] {
			all[i].packages = append(all[i].packages, texts[i][file].Bytes())
		}
	}
	return all
}

// folded is a package's name as apt and dpkg have it, whatever its paragraph says.
func folded(name string) string { return strings.ToLower(name) }

// reach finds the names that Pre-Depends and Depends lead to from the roots, virtual ones and such
// that do not exist included.
func (x *Index) reach(roots []string) map[string]bool {
	reached := map[string]bool{}
	var queue []string
	visit := func(name string) {
		if !reached[name] {
			reached[name] = true
			queue = append(queue, name)
		}
	}
	visit("apt")
	for _, root := range roots {
		name, _, _ := strings.Cut(root, "=")
		visit(name)
	}
	capital := map[string][]int32{} // the entries whose names are not folded, by folded name
	for place, e := range x.entries {
		v := e.text.values()
		name := folded(v[fieldName])
		if v[fieldEssential] != "" && !strings.EqualFold(v[fieldEssential], "no") || strings.EqualFold(v[fieldPriority], "required") {
			visit(name)
		}
		if name != v[fieldName] {
			capital[name] = append(capital[name], int32(place))
		}
	}
	follow := func(places []int32) {
		for _, place := range places {
			v := x.entries[place].text.values()
			for _, field := range []string{v[fieldPreDepends], v[fieldDepends]} {
				for t := range terms(field) {
					visit(t.name)
				}
			}
		}
	}
	for len(queue) > 0 {
		name := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		follow(x.named(name))
		follow(capital[name])
		for _, p := range x.providing(name) {
			visit(folded(x.entries[p.entry].text.name()))
		}
	}
	return reached
}

// obsoleting finds the packages that are not reached and newer than one that is, by the version of
// the source that both are built from: apt's second solver puts the older one last.
func (x *Index) obsoleting(reached map[string]bool) map[int32]bool {
	oldest := map[string]string{}
	for _, e := range x.entries {
		if v := e.text.values(); reached[folded(v[fieldName])] {
			source, version := sourceOf(v)
			if known, found := oldest[source]; !found || CompareVersions(version, known) < 0 {
				oldest[source] = version
			}
		}
	}
	found := map[int32]bool{}
	for place, e := range x.entries {
		v := e.text.values()
		source, version := sourceOf(v)
		if than, shared := oldest[source]; shared && CompareVersions(version, than) > 0 {
			found[int32(place)] = true
		}
	}
	return found
}

// sourceOf is the package's source and its version: NAME (VERSION), either the package's own where
// it is left out.
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
