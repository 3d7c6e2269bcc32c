package document

import (
	"fmt"
	"strings"
)

// Select is the profile of a name or, without a name, the only one. Where there is none, or no
// choice can be made, the error says what there is.
func (s *Set) Select(name string) (*Profile, error) {
	var names []string
	for _, p := range s.Profiles {
		if p.NodeProfile.Name == name {
			return p, nil
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
	return s.Profiles[0], nil
}
