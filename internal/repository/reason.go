package repository

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// maxNamed bounds how many packages a message lists.
const maxNamed = 5

// explain says why none of the alternatives can be had.
func (t *try) explain(either Alternatives) (string, error) {
	reasons := make([]string, len(either))
	for i, r := range either {
		reason, err := t.whyNot(r)
		if err != nil {
			return "", err
		}
		reasons[i] = fmt.Sprintf("it needs %s: %s", r, reason)
	}
	return strings.Join(reasons, "; or "), nil
}

// whyNot says what stands in r's way.
func (t *try) whyNot(r Relation) (string, error) {
	if p := t.chosen[r.Name]; p != nil {
		return fmt.Sprintf("version %s of it is needed for another package", p.Version), nil
	}
	all, err := t.index.Lookup(r.Name)
	if err != nil {
		return "", err
	}
	providing, err := t.index.provided(r)
	if err != nil {
		return "", err
	}
	if len(all) == 0 && len(providing) == 0 {
		return t.unknown(r.Name), nil
	}
	matching := slices.DeleteFunc(slices.Clone(all), func(p *Package) bool { return !r.Matches(p.Version) })
	for _, p := range append(matching, providing...) {
		if reason, excluded := t.excluded[p.identity()]; excluded {
			if p.Name != r.Name {
				reason = fmt.Sprintf("%s provides it, but %s", p.Name, reason)
			}
			return reason, nil
		}
	}
	if len(all) == 0 {
		return "it is a virtual package; name one that provides it: " + list(providing, func(p *Package) string { return p.Name }), nil
	}
	return "the sources have " + list(all, func(p *Package) string { return p.Version }), nil
}

// unknown names what may have been meant.
func (t *try) unknown(name string) string {
	text := "no source has a package of that name"
	names := func(yield func(string) bool) {
		for _, place := range t.index.byName {
			if !yield(t.index.entries[place].text.name()) {
				return
			}
		}
	}
	if nearest := mistake.Nearest(name, names); nearest != "" {
		text += fmt.Sprintf("; did you mean %s?", nearest)
	}
	return text
}

func list(packages []*Package, text func(*Package) string) string {
	var all []string
	for _, p := range packages {
		if !slices.Contains(all, text(p)) {
			all = append(all, text(p))
		}
	}
	if len(all) > maxNamed {
		all = append(all[:maxNamed], "…")
	}
	return strings.Join(all, ", ")
}
