package document

import (
	"fmt"
	"slices"
	"strings"
)

// Select is the profile of a name or, without a name, the only one; the set's warnings are among
// its own. Where there is none, or no
// choice can be made, the error says what there is.
func (s *Set) Select(name string) (*Profile, error) {
	var names []string
	for _, p := range s.Profiles {
		if p.NodeProfile.Name == name {
			return s.warned(p), nil
		}
		names = append(names, p.NodeProfile.Name)
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("no NodeProfile in %s", strings.Join(s.Files, ", "))
	case name != "":
		return nil, fmt.Errorf("no NodeProfile is named %s%s", word(name), suggest(name, names))
	case len(names) > 1:
		return nil, fmt.Errorf("the documents hold %d NodeProfiles and none is chosen by name; they are: %s",
			len(names), enumerate(names))
	}
	return s.warned(s.Profiles[0]), nil
}

// warned is a copy of p that has the set's warnings too, for nobody sees the set's.
func (s *Set) warned(p *Profile) *Profile {
	copied := *p
	copied.Warnings = slices.Concat(s.Warnings, p.Warnings)
	return &copied
}
