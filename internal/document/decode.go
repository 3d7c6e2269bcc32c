package document

import (
	"encoding/json"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// decoder fills Go values from trees strictly, by the json tags of their types: an unknown field,
// a wrong type or a missing field without omitempty is a mistake at its place. It goes on after
// a mistake, to find them all.
type decoder struct {
	report *tree.Report
	// places and secrets are those of the fields that were decoded.
	places  places
	secrets map[string]bool
	// unknown says more about a field that a type does not have, or takes it; false reports it.
	unknown func(r *tree.Report, at tree.Place, area, name string) bool
}

func newDecoder(r *tree.Report) *decoder {
	return &decoder{report: r, places: places{}, secrets: map[string]bool{}}
}

// decode sets into from node. field is its path in the decoded document, at where mistakes in it are
// to be mended. They do not show the value where secret.
func (d *decoder) decode(node *tree.Node, into reflect.Value, field string, at tree.Place, secret bool) {
	if at.File != "" {
		d.places[field] = at
	}
	if node.Secret && node.IsScalar() {
		secret, d.secrets[field] = true, true
	}
	switch {
	case node.Tag == tree.Broken:
		d.settle(field)
		return
	case sealed(node):
		// Whether it means anything is seen once it is decrypted.
		d.secrets[field] = true
		d.settle(field)
		if into.Kind() == reflect.String {
			into.SetString(node.Value)
		}
		return
	case strings.HasPrefix(node.String(), secretMark):
		d.mistake(field, at, "stands for a secret, and this text does not say which documents hold it; want the data source's profile_yaml whole")
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	switch other := into.Addr().Interface().(type) {
	case *v1alpha1.Scalar:
		if node.IsNull() || !node.IsScalar() {
			d.wrong(node, into, field, at, secret)
			return
		}
		*other = v1alpha1.Scalar(node.Value)
		return
	case *v1alpha1.Object:
		if !node.IsMapping() {
			d.wrong(node, into, field, at, secret)
			return
		}
		*other, _ = d.free(node, field, at).(map[string]any)
		return
	case json.Unmarshaler:
		if err := unmarshal(node, other); err != nil {
			d.mistake(field, at, "found %s, which is not valid here", node.Describe())
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(node, into, field, at)
	case reflect.Slice:
		if !node.IsList() {
			d.wrong(node, into, field, at, secret)
			return
		}
		list := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
		for i, element := range node.Content {
			d.decode(element, list.Index(i), tree.Element(field, i), element.Place, secret)
		}
		into.Set(list)
	case reflect.Map:
		d.stringMap(node, into, field, at)
	default:
		if !setScalar(node, into) {
			d.wrong(node, into, field, at, secret)
		}
	}
}

// mistake reports what is wrong with a field, from which others may follow.
func (d *decoder) mistake(field string, at tree.Place, format string, args ...any) {
	d.settle(field)
	d.report.Mistake(at, format, args...)
}

func (d *decoder) settle(field string) { d.report.Settled = append(d.report.Settled, field) }

// structure decodes a mapping into a struct's fields.
func (d *decoder) structure(node *tree.Node, into reflect.Value, field string, at tree.Place) {
	if !node.IsMapping() {
		d.wrong(node, into, field, at, false)
		return
	}
	fields := fieldsOf(into)
	// A required field whose name is misspelt is not missing besides.
	misspelt := map[string]bool{}
	node.Fields(func(key, value *tree.Node) {
		f, ok := fields[key.Value]
		if !ok {
			misspelt[mistake.Near(key.Value, names(fields))] = true
			if d.unknown == nil || !d.unknown(d.report, key.Place, field, key.Value) {
				d.report.Mistake(key.Place, "unknown field%s", mistake.Suggest(key.Value, names(fields)))
			}
			d.settle(tree.Join(field, key.Value))
			return
		}
		// All entries of a list commented out leave a null: no value.
		if value.IsNull() && value.Tag != tree.Broken && !f.required {
			return
		}
		f.given = true
		fields[key.Value] = f
		d.decode(value, f.value, tree.Join(field, key.Value), valuePlace(key, value), f.secret)
	})
	for _, name := range names(fields) {
		switch f := fields[name]; {
		case !f.required || f.given:
		case misspelt[name]:
			d.settle(tree.Join(field, name))
		default:
			d.mistake(tree.Join(field, name), at.Key(name), mistake.Required+"; want %s", wanted(f.value.Type()))
		}
	}
}

// valuePlace is where a field's value is to be mended: at the value itself or, of a list or mapping,
// at its key.
func valuePlace(key, value *tree.Node) tree.Place {
	if value.IsScalar() {
		return value.Place
	}
	return key.Place
}

func (d *decoder) stringMap(node *tree.Node, into reflect.Value, field string, at tree.Place) {
	if !node.IsMapping() || into.Type().Elem().Kind() != reflect.String {
		d.wrong(node, into, field, at, false)
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	node.Fields(func(key, value *tree.Node) {
		element := reflect.New(into.Type().Elem())
		d.decode(value, element.Elem(), tree.Join(field, key.Value), value.Place, false)
		into.SetMapIndex(reflect.ValueOf(key.Value).Convert(into.Type().Key()), element.Elem())
	})
}

func (d *decoder) wrong(node *tree.Node, into reflect.Value, field string, at tree.Place, secret bool) {
	hint := ""
	switch scalar := node.IsScalar() && !node.IsNull(); {
	case scalar && into.Kind() == reflect.String:
		hint = "; put it in quotes"
	case scalar && isScalar(into) && node.Style&quotes != 0:
		hint = "; write it without quotes"
	}
	found := node.Describe()
	if !secret && node.IsScalar() && isScalar(into) && !node.IsNull() {
		found = "the " + node.Noun() + " " + mistake.Word(node.Value)
	}
	d.mistake(field, at, "want %s, found %s%s", wanted(into.Type()), found, hint)
}

const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// unmarshal gives node to a type that reads JSON itself, such as metadata's times.
func unmarshal(node *tree.Node, into json.Unmarshaler) error {
	value, err := node.Decode()
	if err != nil {
		return err
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return into.UnmarshalJSON(data)
}
