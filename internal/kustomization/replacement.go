package kustomization

import (
	"encoding/base64"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// replacer runs one of Airship's ReplacementTransformers on documents.
type replacer struct {
	report *tree.Report
	// documents are replaced as they change; changes are what was written into each.
	documents []*tree.Node
	changes   [][]write
}

// Fields of the format; anything else is a mistake, since it would have no effect.
var (
	replacementFields = []string{"source", "target", "targets"}
	sourceFields      = []string{"objref", "fieldref", "value"}
	targetFields      = []string{"objref", "fieldrefs"}
	referenceFields   = []string{"group", "version", "kind", "apiVersion", "name", "namespace"}
)

func (x *replacer) run(config *tree.Node) {
	replacements := config.Get("replacements")
	if !replacements.IsList() {
		x.report.Mistake(config.Place, "a ReplacementTransformer needs replacements, a list")
		return
	}
	for _, replacement := range replacements.Content {
		if !x.known(replacement, replacementFields) {
			continue
		}
		source := replacement.Get("source")
		if !source.IsMapping() {
			x.report.Mistake(replacement.Place, "a replacement needs source: {value} or {objref, fieldref}")
			continue
		}
		value, ok := x.source(source)
		if !ok {
			continue
		}
		var targets []*tree.Node
		if target := replacement.Get("target"); target != nil {
			targets = append(targets, target)
		}
		if list := replacement.Get("targets"); list.IsList() {
			targets = append(targets, list.Content...)
		}
		if len(targets) == 0 {
			x.report.Mistake(replacement.Place, "a replacement needs target: {objref, fieldrefs}")
		}
		for _, target := range targets {
			x.target(target, value, source.Get("objref"))
		}
	}
}

// known reports fields that a mapping must not have, and what is no mapping.
func (x *replacer) known(node *tree.Node, fields []string) bool {
	if !node.IsMapping() {
		x.report.Mistake(node.Place, "want a mapping with %s", strings.Join(fields, ", "))
		return false
	}
	ok := true
	node.Fields(func(key, _ *tree.Node) {
		if !slices.Contains(fields, key.Value) {
			x.report.Mistake(key.Place, "unknown field%s", mistake.Suggest(key.Value, fields))
			ok = false
		}
	})
	return ok
}

// source is the value that a replacement takes, with the place it was written at.
func (x *replacer) source(source *tree.Node) (*tree.Node, bool) {
	if !x.known(source, sourceFields) {
		return nil, false
	}
	reference, value := source.Get("objref"), source.Get("value")
	switch {
	case reference != nil && value != nil:
		x.report.Mistake(source.Place, "objref and value are both there; give one")
		return nil, false
	case value.IsScalar() && !value.IsNull():
		// Airship writes it without quotes, so that 8080 is a number wherever it is put.
		return plain(value.Value, value.Place), true
	case reference == nil:
		x.report.Mistake(source.Place, "a source needs value, a text, or objref and fieldref")
		return nil, false
	}
	found, ok := x.selected(reference)
	if !ok {
		return nil, false
	}
	switch len(found) {
	case 0:
		x.report.Mistake(reference.Place, "no resource is %s%s", describe(reference), x.near(reference))
		return nil, false
	case 1:
	default:
		x.report.Mistake(reference.Place, "%d resources are %s; name one", len(found), describe(reference))
		return nil, false
	}
	return x.sourceField(source, x.documents[found[0]])
}

func (x *replacer) sourceField(source, document *tree.Node) (*tree.Node, bool) {
	text, at := "metadata.name", source.Place
	if field := source.Get("fieldref"); field.String() != "" {
		text, at = field.Value, field.Place
	}
	path, err := parsePath(text)
	if err != nil {
		x.report.Mistake(at, "%s", err)
		return nil, false
	}
	paths, err := path.find(document, false)
	if err != nil {
		x.report.Mistake(at, "%s in %s: %s", mistake.Word(text), describe(document), err)
		return nil, false
	}
	var values []*tree.Node
	for _, one := range paths {
		value := document
		for _, step := range one {
			_, value = child(value, step)
		}
		values = append(values, value)
	}
	switch len(values) {
	case 0:
		x.report.Mistake(at, "%s has no %s", describe(document), mistake.Word(text))
		return nil, false
	case 1:
		if isSecretData(source.Get("objref"), text) {
			return x.decoded(values[0], at)
		}
		return values[0], true
	}
	return tree.List(values[0].Place, values...), true
}

// isSecretData says whether a path leads into what a Secret holds in base64.
func isSecretData(reference *tree.Node, path string) bool {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "{"), ".")
	first, _, _ := strings.Cut(path, ".")
	return reference.Get("kind").String() == "Secret" && first == "data"
}

func (x *replacer) decoded(value *tree.Node, at tree.Place) (*tree.Node, bool) {
	data, err := base64.StdEncoding.DecodeString(value.Value)
	if !value.IsScalar() || err != nil {
		x.report.Mistake(at, "what the Secret holds there is not base64")
		return nil, false
	}
	out := plain(string(data), value.Place)
	out.Secret = true
	return out, true
}

// plain is a scalar as YAML reads it where it stands without quotes.
func plain(text string, at tree.Place) *tree.Node {
	node := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	tag := node.ShortTag()
	if tag != "!!int" && tag != "!!float" && tag != "!!bool" {
		tag = "!!str"
	}
	return &tree.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text, Place: at}
}

// selected are the indices of the documents that a reference means.
func (x *replacer) selected(reference *tree.Node) ([]int, bool) {
	if !x.known(reference, referenceFields) {
		return nil, false
	}
	var found []int
	for i, document := range x.documents {
		id := identityOf(document)
		group, version := id.group()
		values := map[string]string{
			"group": group, "version": version, "kind": id.kind,
			"apiVersion": id.apiVersion, "name": id.name, "namespace": id.namespace,
		}
		ok := true
		for field, value := range values {
			ok = ok && matches(reference.Get(field), value)
		}
		if ok {
			found = append(found, i)
		}
	}
	return found, true
}

// near suggests a name for a reference that means nothing.
func (x *replacer) near(reference *tree.Node) string {
	var names []string
	for _, document := range x.documents {
		if matches(reference.Get("kind"), document.Get("kind").String()) {
			names = append(names, document.Get("metadata", "name").String())
		}
	}
	if near := mistake.Near(reference.Get("name").String(), names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// describe is a document's or reference's kind and name.
func describe(n *tree.Node) string {
	name := n.Get("name").String()
	if name == "" {
		name = n.Get("metadata", "name").String()
	}
	kind := n.Get("kind").String()
	if kind == "" {
		kind = "of any kind,"
	}
	if name == "" {
		return strings.TrimSuffix(kind, ",")
	}
	return mistake.Word(kind + " " + name)
}
