package resolution

import (
	"context"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// missing looks for every package that a question asks for; nil where all exist. Those that do not
// are looked for elsewhere, too: in the indices of others, and in what the mirrors have besides.
func (c *Cache) missing(ctx context.Context, q *question, others []*question) error {
	reasons := map[string]string{} // by what is asked for
	var absent []string
	for _, asked := range q.request.Include {
		reason, err := q.index.WhyNot(asked)
		if err != nil {
			return err
		}
		if reason != "" {
			reasons[asked] = reason
			absent = append(absent, asked)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	found := c.elsewhere(ctx, q, others, reasons)
	var all []*Problem
	for _, asked := range absent {
		name, version, pinned := strings.Cut(asked, "=")
		reason := reasons[asked]
		switch place := found[asked]; {
		case place == "":
		case pinned:
			reason += fmt.Sprintf("; %s has version %s", place, version)
		default:
			reason = fmt.Sprintf("no source has a package of that name, but %s has: name that in spec.software.repos, which lists all sources", place)
		}
		all = append(all, &Problem{Subject: Subject{Package: name}, Text: fmt.Sprintf("package %s: %s", name, reason)})
	}
	return problems(all)
}

// lookUp is find in the index of a suite that nobody asked for: what cannot be read there is not there.
func lookUp(index *repository.Index, asked string) *repository.Package {
	p, err := find(index, asked)
	if err != nil {
		return nil
	}
	return p
}

// find is the package in an index that is asked for as NAME or NAME=VERSION; nil where there is none.
func find(index *repository.Index, asked string) (*repository.Package, error) {
	name, version, pinned := strings.Cut(asked, "=")
	found, err := index.Lookup(name)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		if !pinned || p.Version == version {
			return p, nil
		}
	}
	return nil, nil
}
