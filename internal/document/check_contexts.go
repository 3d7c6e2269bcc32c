package document

import (
	"fmt"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/check"
)

var contextNames = []string{"common", "qcow"}

// contexts checks run_contexts of what stands at field.
func (c *checker) contexts(field string, contexts []string) {
	if contexts != nil && len(contexts) == 0 {
		c.wrong(field+".run_contexts", "is empty, so that nothing says when to apply this; want common or qcow, or leave it out for common")
	}
	for i, name := range contexts {
		if !check.Template(name) {
			c.oneOf(fmt.Sprintf("%s.run_contexts[%d]", field, i), "context", name, contextNames)
		}
	}
}

// perContext are the fields that names were first written in, by context: what is in another one may
// have the same name.
type perContext map[[2]string]string

// add is the field that wrote name before in one of contexts; empty where none did.
func (p perContext) add(name string, contexts []string, field string) (earlier string) {
	if len(contexts) == 0 {
		contexts = []string{"common"}
	}
	for _, context := range slices.Compact(slices.Sorted(slices.Values(contexts))) {
		key := [2]string{context, name}
		if found, twice := p[key]; twice {
			earlier = found
			continue
		}
		p[key] = field
	}
	return earlier
}
