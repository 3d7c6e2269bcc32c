package kustomization

import (
	"cmp"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

var (
	noise    = regexp.MustCompile(`accumulating resources: |accumulation err='.*': |recursed (accumulation|merging) of path '[^']*': |recursed merging from path '[^']*': |accumulating components: |accumulateDirectory: `)
	noTarget = regexp.MustCompile(`no (?:matches for Id|resource matches strategic merge patch) "?([^";]*)`)
	twice    = regexp.MustCompile(`may not add resource with an already registered id: (\S+)`)
	// The configuration may hold what a Secret is made of.
	configuration = regexp.MustCompile("(?s) with config: `.*`")
	unquoted      = regexp.MustCompile(`\\"`)
)

// explain says a library's error in the operator's terms, at the kustomization it came from as far as
// that can be told.
func (b *build) explain(r *root, err error) error {
	if stopped := b.disk.ctx.Err(); stopped != nil {
		return stopped
	}
	var own *mistake.Mistake
	if errors.As(err, &own) {
		return own
	}
	text := err.Error()
	at := tree.Place{File: r.name}
	deepest := 0
	for _, one := range b.roots {
		if len(one.directory) > deepest && one != r && strings.Contains(text, "'"+one.directory+"'") {
			at.File, deepest = one.name, len(one.directory)
		}
	}
	text = configuration.ReplaceAllString(text, "")
	text = unquoted.ReplaceAllString(noise.ReplaceAllString(text, ""), `"`)
	switch match := noTarget.FindStringSubmatch(text); {
	case match != nil:
		id := strings.TrimSpace(match[1])
		return wrong(b.patchOf(id, at), "no resource is there for this patch to change: %s", id)
	case twice.MatchString(text):
		id := twice.FindStringSubmatch(text)[1]
		return b.sameName(strings.TrimSuffix(id, ","), at)
	}
	text = b.unquote(text)
	for _, one := range b.roots {
		text = strings.ReplaceAll(text, one.directory+string(filepath.Separator), filepath.Dir(one.name)+string(filepath.Separator))
		text = strings.ReplaceAll(text, one.directory, filepath.Dir(one.name))
	}
	const most = 400
	if len(text) > most {
		text = text[:most] + "…"
	}
	return wrong(at, "kustomize: %s", strings.Join(strings.Fields(text), " "))
}

// patchOf is the place of the patch of an id such as NodeProfile.v1alpha1.airshipit.org/name.[noNs].
func (b *build) patchOf(id string, otherwise tree.Place) tree.Place {
	kind, name := idOf(id)
	for _, r := range b.roots {
		for _, p := range b.patches(r) {
			if p.document != nil && p.document.Get("kind").String() == kind &&
				strings.HasPrefix(name, p.document.Get("metadata", "name").String()+".") {
				return p.document.Place
			}
		}
	}
	return otherwise
}

// idOf is the kind and what begins with the name and a dot in a resource's id.
func idOf(id string) (kind, name string) {
	kind, rest, _ := strings.Cut(id, ".")
	_, name, _ = strings.Cut(rest, "/")
	return kind, name
}

// sameName says which documents have one id.
func (b *build) sameName(id string, otherwise tree.Place) error {
	kind, name := idOf(id)
	var places []tree.Place
	for _, r := range b.roots {
		for _, e := range r.resources {
			for _, document := range e.documents {
				own := document.Get("metadata", "name").String()
				if document.Get("kind").String() == kind && own != "" && strings.HasPrefix(name, own+".") && !slices.Contains(places, document.Place) {
					places = append(places, document.Place)
				}
			}
		}
	}
	slices.SortFunc(places, func(a, b tree.Place) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	switch len(places) {
	case 0:
		return wrong(otherwise, "two resources have one name: %s", id)
	case 1:
		return wrong(places[0], "kustomizations bring this resource together more than once; list it in one of them, or give each a namePrefix")
	}
	return wrong(places[len(places)-1], "another resource has this kind and name, in %s:%d", places[0].File, places[0].Line)
}
