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
		spec = s.withValue(w, spec, from, list.Content[i])
	}
	return spec
}

// withValue is w's spec with one value, which written asks for.
func (s *site) withValue(w *written, spec *tree.Node, from v1alpha1.ValueFrom, written *tree.Node) *tree.Node {
	target, wanted, ok := s.target(from.TargetPath, written.Get("targetPath"))
	source := s.source(w, from, written)
	path, err := tree.ParsePath(from.FieldPath)
	if err != nil {
		s.report.Mistake(written.Get("fieldPath").Place, "%s %s", mistake.Word(from.FieldPath), err)
		return spec
	}
	if !ok || source == nil {
		return spec
	}
	value, err := s.valueIn(source, from.Kind, path)
	switch {
	case err == nil && value.Tag == tree.Broken:
		return spec
	case err == nil && value.IsNull():
		s.report.Mistake(written.Get("fieldPath").Place, "has no value in %s %s (%s)", from.Kind, mistake.Word(from.Name), value.Place)
		return spec
	case err != nil:
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

// source is the document that a value of w comes from; nil where it is missing, which is reported unless
// it may be in what could not be read.
func (s *site) source(w *written, from v1alpha1.ValueFrom, written *tree.Node) *tree.Node {
	found := s.named[from.Kind+"/"+from.Name]
	if len(found) == 0 && s.fetch != nil {
		found = s.fetch(from.Kind, from.Name, written.Place)
	}
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		if s.partial {
			w.incomplete = true
			return nil
		}
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
func (s *site) valueIn(source *tree.Node, kind string, path tree.Path) (*tree.Node, error) {
	if kind == "Secret" {
		opened, known := s.secrets[source]
		if !known {
			opened = open(source)
			s.secrets[source] = opened
			s.spend(opened.root)
		}
		if opened.err != nil {
			return nil, opened.err
		}
		source = opened.root
	}
	return path.Get(source)
}

// opening is a Secret as open gives it, or why it cannot.
type opening struct {
	root *tree.Node
	err  error
}

// open is a Secret whose data is plain text, with what stringData has, as the cluster would keep it; the
// two have the same fields then.
func open(secret *tree.Node) opening {
	texts := tree.Mapping(secret.Place)
	var failed error
	at := map[string]int{}
	put := func(key, value *tree.Node) {
		value = value.Map(func(n *tree.Node) *tree.Node {
			n.Secret = n.Secret || n.IsScalar()
			return n
		})
		if i, there := at[key.Value]; there {
			texts.Content[i], texts.Content[i+1] = key, value
			return
		}
		at[key.Value] = len(texts.Content)
		texts.Content = append(texts.Content, key, value)
	}
	secret.Get("data").Fields(func(key, value *tree.Node) {
		text, problem := decoded(value)
		if problem != nil {
			if failed == nil {
				failed = problem
			}
			return
		}
		put(key, text)
	})
	if failed != nil {
		return opening{err: failed}
	}
	secret.Get("stringData").Fields(put)
	return opening{root: secret.Put(texts, "data").Put(texts, "stringData")}
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
