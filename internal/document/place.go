package document

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// place is where something stands in the documents.
type place struct {
	file         string
	line, column int
	field        string // spec.software.packages[3]
}

// at is the place of node inside p's document and field.
func (p place) at(node *yaml.Node) place {
	p.line, p.column = node.Line, node.Column
	return p
}

func (p place) key(name string) place {
	if p.field == "" {
		p.field = name
	} else {
		p.field += "." + name
	}
	return p
}

func (p place) index(i int) place {
	p.field = fmt.Sprintf("%s[%d]", p.field, i)
	return p
}

// places maps the fields of a resolved document to where they were written. The two names
// differ for an element of packages that was written in packages_append.
type places map[string]place

// find is the place of field or, where the documents do not hold it, of the nearest field
// around it. The written name of the field is kept in the answer.
func (p places) find(field string) (place, bool) {
	for around := field; around != ""; around = parent(around) {
		if at, ok := p[around]; ok {
			at.field += strings.TrimPrefix(field, around)
			return at, true
		}
	}
	return place{}, false
}

func parent(field string) string {
	return field[:max(0, strings.LastIndexAny(field, ".["))]
}

// moved tells that the elements of the list from were appended to the list to, which had n.
func (p places) moved(from, to string, n int) {
	found := places{}
	for field, at := range p {
		rest, ok := strings.CutPrefix(field, from+"[")
		if !ok {
			continue
		}
		number, rest, _ := strings.Cut(rest, "]")
		var i int
		if _, err := fmt.Sscan(number, &i); err == nil {
			found[fmt.Sprintf("%s[%d]%s", to, n+i, rest)] = at
		}
	}
	for field, at := range found {
		p[field] = at
	}
}

// move tells that the value of the field from became the list to's element i.
func (p places) move(from, to string, i int) {
	if at, ok := p[from]; ok {
		p[fmt.Sprintf("%s[%d]", to, i)] = at
	}
}
