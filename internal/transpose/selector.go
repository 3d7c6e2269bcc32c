package transpose

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// selector selects documents as kustomize's patch targets do: every field that is given must match.
type selector struct {
	at                  tree.Place
	fields              []pattern
	labels, annotations labels.Selector
	// kind as it was written, for messages.
	kind string
	// missing: airshipctl's own selector, whose documents need not be there.
	missing bool
}

// maxPattern bounds a selector's field, in bytes.
const maxPattern = 1024

// pattern is a regular expression of a field's whole value.
type pattern struct {
	field  string
	expect *regexp.Regexp
}

var (
	patternFields = []string{"group", "version", "kind", "name", "namespace"}
	examples      = map[string]string{
		"group": v1alpha1.Group, "version": "v1.*", "kind": "Secret", "name": "node01-.*", "namespace": "metal3",
	}
	labelFields = []string{"labelSelector", "annotationSelector"}
)

func (s selector) empty() bool { return len(s.fields) == 0 && s.labels == nil && s.annotations == nil }

// selector reads a selector; an empty one where node is missing, false where it is wrong.
func (s *set) selector(node *tree.Node, r *tree.Report) (selector, bool) {
	if node.IsNull() {
		return selector{}, true
	}
	if !mapping(node, r) {
		return selector{}, false
	}
	out, before := selector{at: node.Place, kind: node.Get("kind").String()}, len(r.Mistakes)
	known(node, append(labelFields, patternFields...), r)
	for _, field := range patternFields {
		value := node.Get(field)
		written := text(value, r)
		if written == "" {
			continue
		}
		if len(written) > maxPattern {
			r.Mistake(value.Place, "is too long")
			continue
		}
		expect, err := regexp.Compile("^(?:" + written + ")$")
		if err != nil {
			r.Mistake(value.Place, "is not a regular expression; want a %s such as %s", field, examples[field])
			continue
		}
		out.fields = append(out.fields, pattern{field: field, expect: expect})
	}
	out.labels = labelSelector(node.Get("labelSelector"), r)
	out.annotations = labelSelector(node.Get("annotationSelector"), r)
	return out, len(r.Mistakes) == before
}

func labelSelector(node *tree.Node, r *tree.Report) labels.Selector {
	written := text(node, r)
	if written == "" {
		return nil
	}
	if len(written) > maxPattern {
		r.Mistake(node.Place, "is too long")
		return nil
	}
	out, err := labels.Parse(written)
	if err != nil {
		r.Mistake(node.Place, "is not a selector of labels; want a=b,c!=d,e in (f,g)")
		return nil
	}
	return out
}

// defaultSelector is airshipctl's own.
func (c content) defaultSelector(builder *tree.Node) selector {
	parsed, err := labels.Parse(c.defaultLabels)
	if err != nil {
		parsed = labels.Nothing()
	}
	return selector{
		at: builder.Place.Key(c.selector), kind: c.defaultKind, labels: parsed, missing: true,
		fields: []pattern{{field: "kind", expect: regexp.MustCompile("^" + c.defaultKind + "$")}},
	}
}

func (s selector) matches(root *tree.Node) bool {
	for _, p := range s.fields {
		if !p.expect.MatchString(identity(root, p.field)) {
			return false
		}
	}
	return (s.labels == nil || s.labels.Matches(words(root.Get("metadata", "labels")))) &&
		(s.annotations == nil || s.annotations.Matches(words(root.Get("metadata", "annotations"))))
}

// identity is one of the fields that tell documents apart.
func identity(root *tree.Node, field string) string {
	switch field {
	case "kind":
		return root.Get("kind").String()
	case "name", "namespace":
		return root.Get("metadata", field).String()
	}
	group, version, ok := strings.Cut(root.Get("apiVersion").String(), "/")
	if !ok {
		group, version = "", group // v1 is of the core group
	}
	if field == "group" {
		return group
	}
	return version
}

// words are a mapping of strings.
func words(node *tree.Node) labels.Set {
	out := labels.Set{}
	node.Fields(func(key, value *tree.Node) { out[key.Value] = value.String() })
	return out
}

// selectOne is the one document that a selector matches; nil after it was reported that there is none, or several.
func (s *set) selectOne(c content, chosen selector, r *tree.Report) *tree.Node {
	var matches []*tree.Node
	among := s.documents
	if kind := chosen.kind; kind != "" && kind == regexp.QuoteMeta(kind) {
		among = s.byKind[kind]
	}
	for _, root := range among {
		if root.IsMapping() && chosen.matches(root) {
			matches = append(matches, root)
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0]
	case len(matches) > 1:
		var there []string
		for _, root := range matches {
			there = append(there, title(root)+" in "+spot(root.Place))
		}
		r.Mistake(chosen.at, "%d documents match, and the %s is in one: %s", len(matches), c.noun, some(there))
	case chosen.missing:
		r.Warn(chosen.at, "no %s has a label %s, so the %s is the profile's", c.defaultKind, c.defaultLabels, c.noun)
	case s.partial:
	default:
		r.Mistake(chosen.at, "no document matches%s", s.candidates(chosen))
	}
	return nil
}

// candidates says which documents a selector could have been meant for.
func (s *set) candidates(chosen selector) string {
	holders := []string{"Secret", "BareMetalHost", "ConfigMap", "VariableCatalogue"}
	titles := func(kind string) (out []string) {
		for _, root := range s.byKind[kind] {
			out = append(out, title(root))
		}
		return out
	}
	ofKind := titles(chosen.kind)
	var all []string
	for _, holder := range holders {
		all = append(all, titles(holder)...)
	}
	switch {
	case chosen.kind != "" && len(ofKind) > 0:
		return "; there are: " + some(ofKind)
	case len(all) > 0:
		return "; documents that hold data: " + some(all)
	}
	return "; the documents hold no Secret, BareMetalHost, ConfigMap or VariableCatalogue"
}
