package document

import (
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// withValues is a profile's own spec with the values that it has from other documents.
func (s *site) withValues(w *written, spec *tree.Node) *tree.Node {
	key, list := spec.Field("valuesFrom")
	if list.IsNull() {
		return spec
	}
	var values []v1alpha1.ValueFrom
	before := len(s.report.Mistakes)
	d := newDecoder(s.report)
	d.decode(list, reflect.ValueOf(&values).Elem(), "spec.valuesFrom", valuePlace(key, list), false)
	if len(s.report.Mistakes) > before {
		return spec
	}
	for i, from := range values {
		spec = s.withValue(spec, from, list.Content[i])
	}
	return spec
}

// withValue is spec with one value, which written asks for.
func (s *site) withValue(spec *tree.Node, from v1alpha1.ValueFrom, written *tree.Node) *tree.Node {
	target, wanted, ok := s.target(from.TargetPath, written.Get("targetPath"))
	source := s.source(from, written)
	path, err := tree.ParsePath(from.FieldPath)
	if err != nil {
		s.report.Mistake(written.Get("fieldPath").Place, "%s %s", mistake.Word(from.FieldPath), err)
		return spec
	}
	if !ok || source == nil {
		return spec
	}
	value, err := valueIn(source, from.Kind, path)
	if err != nil {
		s.report.Mistake(written.Get("fieldPath").Place, "%s in %s %s (%s)", err, from.Kind, mistake.Word(from.Name), source.Place)
		return spec
	}
	if from.Kind == "ConfigMap" || from.Kind == "Secret" {
		if value, err = typed(value, wanted); err != nil {
			s.report.Mistake(value.Place, "%s, and %s asks for it as %s", err, written.Place, from.TargetPath)
			return spec
		}
	}
	s.spend(value)
	with, err := target.Put(spec, value)
	if err != nil {
		s.report.Mistake(written.Get("targetPath").Place, "%s; want a field, or an element of a list that this profile's own documents have", err)
		return spec
	}
	return with
}

// source is the document that a value comes from; nil after it was reported missing.
func (s *site) source(from v1alpha1.ValueFrom, written *tree.Node) *tree.Node {
	found := s.named[from.Kind+"/"+from.Name]
	if len(found) == 0 && s.fetch != nil {
		found = s.fetch(from.Kind, from.Name, written.Place)
	}
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		if s.fetch != nil && slices.Contains(fetchable, from.Kind) {
			s.report.Mistake(written.Get("name").Place, "there is no %s %s among the documents or in the cluster%s",
				from.Kind, mistake.Word(from.Name), s.near(from.Name, s.kinds[from.Kind]))
			return nil
		}
		if names := s.kinds[from.Kind]; len(names) > 0 {
			s.report.Mistake(written.Get("name").Place, "there is no %s %s%s", from.Kind, mistake.Word(from.Name), s.suggest(from.Name, names))
			return nil
		}
		s.report.Mistake(written.Get("kind").Place, "there is no document of kind %s among the documents%s", mistake.Word(from.Kind), s.suggest(from.Kind, slices.Sorted(maps.Keys(s.kinds))))
	default:
		s.report.Mistake(written.Get("name").Place, "two documents are %s %s: %s and %s", from.Kind, mistake.Word(from.Name), found[0].Place, found[1].Place)
	}
	return nil
}

// target is the path in a spec that a value goes to, and the type of what stands there; nil where it
// may be anything.
func (s *site) target(text string, written *tree.Node) (tree.Path, reflect.Type, bool) {
	path, err := tree.ParsePath(text)
	if err != nil {
		s.report.Mistake(written.Place, "%s %s", mistake.Word(text), err)
		return path, nil, false
	}
	if len(path) > 1 && path[0].Key == "spec" {
		path = path[1:]
	}
	if first := path[0].Key; first == "extends" || first == "valuesFrom" {
		s.report.Mistake(written.Place, "%s cannot come from another document", first)
		return path, nil, false
	}
	wanted, problem := typeAt(path)
	if problem != "" {
		s.report.Mistake(written.Place, "%s", problem)
		return path, nil, false
	}
	return path, wanted, true
}

// valueIn is the value at a path of a document. What is in a Secret is decoded and marked as secret.
func valueIn(source *tree.Node, kind string, path tree.Path) (*tree.Node, error) {
	if kind == "Secret" {
		var err error
		if source, err = opened(source); err != nil {
			return nil, err
		}
	}
	return path.Get(source)
}

// opened is a Secret whose data is plain text, with what stringData has, as the cluster would keep it; the
// two have the same fields then.
func opened(secret *tree.Node) (*tree.Node, error) {
	texts := tree.Mapping(secret.Place)
	var failed error
	secret.Get("data").Fields(func(key, value *tree.Node) {
		text, problem := decoded(value)
		if problem != nil && failed == nil {
			failed = problem
		}
		texts = texts.With(key, text)
	})
	if failed != nil {
		return nil, failed
	}
	secret.Get("stringData").Fields(func(key, value *tree.Node) { texts = texts.With(key, value) })
	texts = texts.Map(func(n *tree.Node) *tree.Node {
		if n.IsScalar() {
			n.Secret = true
		}
		return n
	})
	return secret.Put(texts, "data").Put(texts, "stringData"), nil
}

func decoded(value *tree.Node) (*tree.Node, error) {
	out := *value
	if sealed(value) {
		return &out, nil
	}
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value.Value), ""))
	switch {
	case err != nil || !value.IsScalar():
		return nil, errorAt(value, "is not base64, which data of a Secret is; stringData takes plain text")
	case !utf8.Valid(text):
		return nil, errorAt(value, "is not text once it is decoded")
	}
	out.Value, out.Tag, out.Style = string(text), "!!str", yaml.DoubleQuotedStyle
	return &out, nil
}

// typed is a text of a ConfigMap or Secret as what is wanted: a number, a boolean, or the YAML in it.
func typed(value *tree.Node, wanted reflect.Type) (*tree.Node, error) {
	if wanted == nil || value.String() == "" || sealed(value) {
		return value, nil
	}
	if wanted.Kind() == reflect.Pointer {
		wanted = wanted.Elem()
	}
	switch wanted.Kind() {
	case reflect.Int, reflect.Int64, reflect.Bool:
		plain := *value
		plain.Style = 0
		plain.Tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: value.Value}).ShortTag()
		return &plain, nil
	case reflect.Struct, reflect.Slice, reflect.Map:
		r := &tree.Report{}
		documents := tree.Parse("", []byte(value.Value), r)
		if len(r.Mistakes) > 0 || len(documents) != 1 {
			return value, errorAt(value, "is not one YAML document")
		}
		return documents[0].Map(func(n *tree.Node) *tree.Node {
			n.Place, n.Secret = value.Place, value.Secret
			return n
		}), nil
	}
	return value, nil
}
