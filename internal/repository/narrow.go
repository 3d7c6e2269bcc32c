package repository

import "bytes"

// Narrowed is a release with those packages alone that an answer of apt's can depend on.
type Narrowed struct {
	release *Release
	// packages are the texts of Packages files, one for each of the release's Indices.
	packages [][]byte
}

// Narrow leaves out the packages that cannot matter when apt 3.0 is asked, with no package
// installed and Install-Recommends off, to
//
//	install ?essential ?priority(required) apt ROOT…
//
// where a root is NAME or NAME=VERSION: of Debian's 63,000 packages it leaves some hundreds. The
// releases stay in their order. The answer is the one that apt would give with all packages:
//
//   - apt considers installing a package because it was asked for, or to satisfy a Pre-Depends or
//     Depends of one that it considers. Whichever alternatives, versions and providers it tries, it
//     stays within what these fields reach from the roots over all of them. Of every name that is
//     reached, every version is kept. Recommends, Suggests, Enhances and Replaces bring in nothing;
//     Important, Protected and tasks matter only for what is installed, or asked for as such.
//   - Conflicts and Breaks matter between packages that are to be installed. One that names a
//     package outside would have found it not installed. Scores, hashes of versions and pins are
//     computed from the fields of packages that are kept, which are kept, too (see recordFields).
//   - apt's second solver, which runs when the first finds no answer, asks whether another package
//     has a newer version of the same source: those are kept, see obsoleting.
//   - apt takes what ?essential matches, and providers of equal rank, in the order in which it first
//     saw their names, be it in a package that is left out here: the answer does depend on it. It
//     is told that order, see mentions. Its other loops go by hashes of names, in an order that
//     does not depend on what else there is.
//
// Two things are not the same. A package that is left out cannot make apt fail by a field that it
// cannot parse. And where a conflict leaves several packages broken that have the same score, apt's
// first solver mends them in the order that an unstable sort of all packages happened to leave.
func (x *Index) Narrow(roots []string) []Narrowed {
	reached := reach(x, roots)
	newer := obsoleting(x, reached)
	texts := make([][]bytes.Buffer, len(x.releases))
	for i, r := range x.releases {
		texts[i] = make([]bytes.Buffer, len(r.Indices))
	}
	if len(texts) > 0 && len(texts[0]) > 0 {
		mentions(x, reached).writeTo(&texts[0][0])
	}
	for place, e := range x.entries {
		if reached[folded(e.text.name())] || newer[int32(place)] {
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
