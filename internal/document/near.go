package document

import "github.com/airshipit/packer-plugin-airship/internal/mistake"

// maxCompared bounds how many pairs of names are compared for suggestions in one set or profile: a
// document can ask for thousands of names, none of thousands that there are.
const maxCompared = 1_000_000

// nearness finds names that were probably meant, within maxCompared.
type nearness struct {
	compared int
	found    map[string]string
}

// near is the name among known that was probably meant by name; empty where none is close. known must
// be the same at every call.
func (n *nearness) near(name string, known []string) string {
	if best, ok := n.found[name]; ok {
		return best
	}
	if n.compared += len(known); n.compared > maxCompared {
		return ""
	}
	if n.found == nil {
		n.found = map[string]string{}
	}
	n.found[name] = mistake.Near(name, known)
	return n.found[name]
}

// suggest is mistake.Suggest where few names are known, else a near one alone: a site may have thousands.
func suggest(name string, known []string) string {
	const few = 20
	if len(known) <= few {
		return mistake.Suggest(name, known)
	}
	if best := mistake.Near(name, known); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// suggest is suggest's answer, as long as there were not too many questions.
func (s *site) suggest(name string, known []string) string {
	if s.compared += len(known); s.compared > maxCompared {
		return ""
	}
	return suggest(name, known)
}

// near is "; did you mean X?" or nothing.
func (s *site) near(name string, known []string) string {
	if s.compared += len(known); s.compared > maxCompared {
		return ""
	}
	if best := mistake.Near(name, known); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}
