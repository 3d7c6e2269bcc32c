package variables

import (
	"regexp"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

var (
	// expression is a Jinja expression or statement: {{ … }} or {% … %}.
	expression = regexp.MustCompile(`(?s)\{[{%].*?[%}]\}`)
	// word begins at no dot, so that the attribute of a variable is none itself.
	word = regexp.MustCompile(`(?:^|[^.A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*)`)
)

// isReferredTo says whether the Jinja expressions in a value of the file may mean a variable.
func (s *sorter) isReferredTo(name string) bool {
	if s.referred == nil {
		s.referred = map[string]bool{}
		s.vars.Walk(func(n *tree.Node) {
			for _, inside := range expression.FindAllString(n.String(), -1) {
				for _, match := range word.FindAllStringSubmatch(inside, -1) {
					s.referred[match[1]] = true
				}
			}
		})
	}
	return s.referred[name]
}
