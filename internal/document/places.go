package document

import (
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// places maps the fields of a resolved document to where they were written. The names of the two
// differ for an element of packages that was written in packages_append.
type places map[string]tree.Place

// find is the place of field or, where the documents do not hold it, of the nearest field
// around it. The written name of the field is kept in the answer.
func (p places) find(field string) (tree.Place, bool) {
	for around := field; around != ""; around = tree.Parent(around) {
		if at, ok := p[around]; ok {
			at.Field += strings.TrimPrefix(field, around)
			return at, true
		}
	}
	return tree.Place{}, false
}
