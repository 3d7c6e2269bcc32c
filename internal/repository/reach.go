package repository

import "strings"

// reach finds the names that Pre-Depends and Depends lead to from the roots (NAME or NAME=VERSION),
// apt, and every package that is essential or required. Virtual names and such that do not exist
// are among them.
func reach(x *Index, roots []string) map[string]bool {
	s := search{index: x, reached: map[string]bool{}, capital: map[string][]int32{}}
	s.visit("apt")
	for _, root := range roots {
		name, _, _ := strings.Cut(root, "=")
		s.visit(name)
	}
	for place, e := range x.entries {
		v := e.text.values()
		name := folded(v[fieldName])
		if v[fieldEssential] != "" && !strings.EqualFold(v[fieldEssential], "no") || strings.EqualFold(v[fieldPriority], "required") {
			s.visit(name)
		}
		if name != v[fieldName] {
			s.capital[name] = append(s.capital[name], int32(place))
		}
	}
	for len(s.queue) > 0 {
		name := s.queue[len(s.queue)-1]
		s.queue = s.queue[:len(s.queue)-1]
		s.follow(x.named(name))
		s.follow(s.capital[name])
		for _, p := range x.providing(name) {
			s.visit(folded(x.entries[p.entry].text.name()))
		}
	}
	return s.reached
}

// folded is a package's name as apt and dpkg have it, whatever its paragraph says.
func folded(name string) string { return strings.ToLower(name) }

type search struct {
	index   *Index
	reached map[string]bool
	queue   []string
	capital map[string][]int32 // places of the entries whose names are not folded, by folded name
}

func (s *search) visit(name string) {
	if !s.reached[name] {
		s.reached[name] = true
		s.queue = append(s.queue, name)
	}
}

func (s *search) follow(places []int32) {
	for _, place := range places {
		v := s.index.entries[place].text.values()
		for _, field := range []string{v[fieldPreDepends], v[fieldDepends]} {
			for t := range terms(field) {
				s.visit(t.name)
			}
		}
	}
}
