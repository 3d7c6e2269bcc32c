package repository

import "strings"

// orderName is the package that tells apt in which order it would have seen the names. Nothing asks
// for it.
const orderName = "packer-plugin-airship-order"

// mentions makes a package that names those reached in the order in which apt, reading all
// packages, makes its records of them: a package when it comes to its paragraph or, before, where a
// paragraph first mentions it (pkgCacheListParser::NewDepends and NewProvides of apt 3.0).
func mentions(x *Index, reached map[string]bool) record {
	s := seen{reached: reached, apart: map[string]bool{}, made: map[string]bool{}}
	known := map[string]bool{} // hashes of the packages read
	for _, e := range x.entries {
		v := e.text.values()
		s.native = x.releases[e.release].Architecture
		s.foreign = v[fieldArchitecture] != s.native && v[fieldArchitecture] != "all"
		s.make(folded(v[fieldName]))
		// A package that several suites have is one to apt, which reads its fields once.
		if hash := v[fieldSHA256]; hash != "" {
			if known[hash] {
				continue
			}
			known[hash] = true
		}
		s.relations(v)
	}
	var order [fieldCount]string
	order[fieldName], order[fieldVersion], order[fieldArchitecture] = orderName, "0", "all"
	order[fieldSuggests] = strings.Join(s.order, ", ")
	return record(strings.Join(order[:], "\n") + "\n")
}

// seen are the packages that apt has a record of. There is one for each architecture; the order is
// that of the native ones, which alone can be installed.
type seen struct {
	reached map[string]bool
	made    map[string]bool
	apart   map[string]bool // names with a record for another architecture only
	order   []string

	native  string
	foreign bool // the paragraph is of another architecture
}

// make makes a record for the architecture of the paragraph.
func (s *seen) make(name string) {
	switch {
	case !s.reached[name] || s.made[name]:
	case s.foreign:
		s.apart[name] = true
	default:
		s.made[name] = true
		s.order = append(s.order, name)
	}
}

// relations goes through a paragraph's relations in apt's order.
func (s *seen) relations(v [fieldCount]string) {
	for _, field := range []int{fieldPreDepends, fieldDepends} {
		s.mention(v[field], false)
	}
	for _, field := range []int{fieldConflicts, fieldBreaks} {
		s.mention(v[field], true)
	}
	for _, field := range []int{fieldRecommends, fieldSuggests} {
		s.mention(v[field], false)
	}
	s.mention(v[fieldReplaces], true)
	s.mention(v[fieldEnhances], false)
	// What is good for any architecture is provided for the records that there are.
	s.mention(v[fieldProvides], v[fieldMultiArch] == "foreign")
}

// mention makes what a field names. One that is content with any record makes none where there is
// one for another architecture.
func (s *seen) mention(field string, content bool) {
	for t := range terms(field) {
		if !s.reached[t.name] || s.made[t.name] {
			continue
		}
		switch t.qualifier {
		case "":
			if !content || !s.apart[t.name] {
				s.make(t.name)
			}
		case "any": // a name of its own to apt
		case "native", s.native:
			s.made[t.name] = true
			s.order = append(s.order, t.name)
		default:
			s.apart[t.name] = true
		}
	}
}
