package kustomization

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/utils"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// minimumPart bounds the secrets that are looked for in other texts, of which shorter ones would be
// ordinary parts.
const minimumPart = 4

// flow is a replacement of kustomize's own that may have written into a document. Who is selected is
// not known exactly after the fact, so it may be one too many, never one too few.
type flow struct {
	replacement, target *tree.Node
	into                *Document
}

// flows collects the targets of a replacement that may be the resource.
func (h *history) flow(replacement *tree.Node, id identity) {
	targets := replacement.Get("targets")
	if !replacement.Get("source").IsMapping() || !targets.IsList() {
		return
	}
	for _, target := range targets.Content {
		if id.maybe(target.Get("select")) {
			h.flows = append(h.flows, flow{replacement: replacement, target: target})
		}
	}
}

// maybe says whether a selector might have selected the resource before its namespace, labels and
// annotations became what they are.
func (id identity) maybe(selector *tree.Node) bool {
	group, version := id.group()
	return selector.IsMapping() && matches(selector.Get("group"), group) && matches(selector.Get("version"), version) &&
		matches(selector.Get("kind"), id.kind) &&
		slices.ContainsFunc(id.names, func(name string) bool { return matches(selector.Get("name"), name) })
}

// hide marks what replacements wrote of secrets. What one writes may be the source of another.
func (x *rendering) hide(flows []flow) {
	var files []*tree.Node
	if len(flows) > 0 {
		files = x.b.listed()
	}
	for range len(flows) + 1 {
		if x.b.disk.ctx.Err() != nil {
			return
		}
		known := map[*tree.Node]*leak{}
		changed := false
		for _, f := range flows {
			if _, ok := known[f.replacement]; !ok {
				known[f.replacement] = x.leak(f.replacement.Get("source"), files)
			}
			if one := known[f.replacement]; one != nil {
				changed = one.mark(f) || changed
			}
		}
		if !changed {
			return
		}
	}
}

// listed are all documents of files that kustomizations list; those that kustomize drops at its end are
// sources all the same.
func (b *build) listed() []*tree.Node {
	var all []*tree.Node
	for _, r := range b.roots {
		for _, list := range [][]entry{r.resources, r.components} {
			for _, e := range list {
				all = append(all, e.documents...)
			}
		}
	}
	return all
}

// leak is a secret that a replacement takes: the texts of which it may be.
type leak struct{ texts []string }

// leak is nil where no document that the source may be has a secret there.
func (x *rendering) leak(source *tree.Node, files []*tree.Node) *leak {
	path := "metadata.name"
	if own := source.Get("fieldPath").String(); own != "" {
		path = own
	}
	steps := utils.SmarterPathSplitter(path, ".")
	inSecret := len(steps) > 0 && (steps[0] == "data" || steps[0] == "stringData")
	var found *leak
	if inSecret && source.Get("kind").String() == "Secret" {
		found = &leak{}
	}
	take := func(document *tree.Node) {
		if !mayBe(source, document) {
			return
		}
		secret := inSecret && document.Get("kind").String() == "Secret"
		for _, value := range expand(document, steps) {
			values(value, func(n *tree.Node) {
				if !n.IsScalar() || !secret && !n.Secret && !x.b.hidden(n.Place) {
					return
				}
				if found == nil {
					found = &leak{}
				}
				found.texts = append(found.texts, part(n.Value, source.Get("options")))
			})
		}
	}
	for _, raw := range x.raws {
		take(raw.done.Root)
	}
	for _, document := range files {
		take(document)
	}
	return found
}

// mayBe says whether a source's selector may mean a document, which kustomizations have given prefixes
// and suffixes since.
func mayBe(source, document *tree.Node) bool {
	id := identityOf(document)
	kind := source.Get("kind").String()
	return (kind == "" || kind == id.kind) && strings.Contains(id.name, source.Get("name").String())
}

// part is what the options of a source leave of its text.
func part(text string, options *tree.Node) string {
	delimiter := options.Get("delimiter").String()
	if delimiter == "" {
		return text
	}
	parts := strings.Split(text, delimiter)
	i := 0
	if index := options.Get("index"); index != nil {
		var err error
		if i, err = strconv.Atoi(index.Value); err != nil {
			return text
		}
	}
	if i < 0 || i >= len(parts) {
		return text
	}
	return parts[i]
}

// mark marks what the flow may have written: the fields that its target names, and all texts that hold
// the secret, since patches may have moved those later. It says whether anything was not marked before.
func (l *leak) mark(f flow) bool {
	changed := false
	open := identifying(f.into.Root)
	hide := func(n *tree.Node) {
		if n.IsScalar() && !n.IsNull() && !n.Secret && !open[n] {
			n.Secret, changed = true, true
		}
	}
	if paths := f.target.Get("fieldPaths"); paths.IsList() {
		for _, path := range paths.Content {
			for _, value := range expand(f.into.Root, utils.SmarterPathSplitter(path.String(), ".")) {
				values(value, hide)
			}
		}
	}
	values(f.into.Root, func(n *tree.Node) {
		if n.Secret || !n.IsScalar() {
			return
		}
		for _, text := range l.texts {
			if len(text) >= minimumPart && strings.Contains(n.Value, text) {
				hide(n)
			}
		}
	})
	return changed
}

// identifying are the values by which messages and files name a document.
func identifying(root *tree.Node) map[*tree.Node]bool {
	open := map[*tree.Node]bool{}
	for _, keys := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}, {"metadata", "labels"}} {
		values(root.Get(keys...), func(n *tree.Node) { open[n] = true })
	}
	return open
}

// values visits all values in a tree and no keys.
func values(n *tree.Node, visit func(*tree.Node)) {
	if n == nil {
		return
	}
	visit(n)
	if n.IsList() {
		for _, element := range n.Content {
			values(element, visit)
		}
	}
	n.Fields(func(_, value *tree.Node) { values(value, visit) })
}

// expand is the values that a field path of kustomize's leads to. Of a path that goes on inside a text,
// which holds YAML or JSON then, it is the text.
func expand(n *tree.Node, steps []string) []*tree.Node {
	switch {
	case n == nil || len(steps) == 0 || n.IsScalar():
		if n.IsNull() {
			return nil
		}
		return []*tree.Node{n}
	case steps[0] == "":
		return expand(n, steps[1:])
	case n.IsList():
		var all []*tree.Node
		for _, i := range elements(n, steps[0]) {
			all = append(all, expand(n.Content[i], steps[1:])...)
		}
		return all
	}
	if _, value := n.Field(steps[0]); value != nil {
		return expand(value, steps[1:])
	}
	return nil
}

// elements are the indices that a step of a field path selects: an index, - for the last, [KEY=PATTERN],
// [=PATTERN], or all for what else there may be.
func elements(list *tree.Node, step string) []int {
	var all []int
	inner, closed := strings.CutSuffix(strings.TrimPrefix(step, "["), "]")
	key, pattern, selecting := strings.Cut(inner, "=")
	index, err := strconv.Atoi(inner)
	for i, element := range list.Content {
		ok := true
		switch {
		case closed && selecting:
			if key != "" {
				element = element.Get(key)
			}
			ok = selects(pattern, element)
		case step == "-":
			ok = i == len(list.Content)-1
		case err == nil:
			ok = i == index
		}
		if ok {
			all = append(all, i)
		}
	}
	return all
}

// selects says whether a pattern is in a value, as kustomize looks for it.
func selects(pattern string, value *tree.Node) bool {
	if !value.IsScalar() {
		return false
	}
	expression, err := regexp.Compile(strings.Trim(pattern, `"'`))
	return err != nil || value.Value == pattern || expression.MatchString(value.Value)
}
