package document

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// decoder fills Go values from YAML strictly, by the json tags of their types: an unknown field,
// a wrong type or a missing field without omitempty is a mistake at its place. It goes on after
// a mistake, to find them all.
type decoder struct {
	report *report
	places places
	// unknown says more about a field that a type does not have, or takes it; false reports it.
	unknown func(at place, area, name string) bool
}

// decode sets into from node, which stands at at. Its mistakes do not show the value where
// secret.
func (d *decoder) decode(node *yaml.Node, into reflect.Value, at place, secret bool) {
	d.places[at.field] = at
	if node.Tag == broken {
		d.report.settled = append(d.report.settled, at.field)
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	if scalar, ok := into.Addr().Interface().(*v1alpha1.Scalar); ok {
		if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
			d.wrong(node, into, at, secret)
			return
		}
		*scalar = v1alpha1.Scalar(node.Value)
		return
	}
	if other, ok := into.Addr().Interface().(json.Unmarshaler); ok {
		if err := unmarshal(node, other); err != nil {
			d.report.mistake(at, "found %s, which is not valid here", describe(node))
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(node, into, at)
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			d.wrong(node, into, at, secret)
			return
		}
		list := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
		for i, element := range node.Content {
			d.decode(element, list.Index(i), at.index(i).at(element), secret)
		}
		into.Set(list)
	case reflect.Map:
		d.stringMap(node, into, at)
	default:
		if !setScalar(node, into) {
			d.wrong(node, into, at, secret)
		}
	}
}

// structure decodes a mapping into a struct's fields.
func (d *decoder) structure(node *yaml.Node, into reflect.Value, at place) {
	if node.Kind != yaml.MappingNode {
		d.wrong(node, into, at, false)
		return
	}
	fields := fieldsOf(into)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		// The name is written by hand; a long one must not fill the screen.
		atKey := at.key(word(key.Value)).at(key)
		f, ok := fields[key.Value]
		if !ok {
			if d.unknown == nil || !d.unknown(atKey, at.field, key.Value) {
				d.report.mistake(atKey, "unknown field%s", suggest(key.Value, names(fields)))
			}
			continue
		}
		// All entries of a list commented out leave a null: no value.
		if value.Tag == "!!null" && !f.required {
			continue
		}
		f.given = true
		fields[key.Value] = f
		if value.Kind == yaml.ScalarNode {
			atKey = atKey.at(value)
		}
		d.decode(value, f.value, atKey, f.secret)
	}
	for _, name := range names(fields) {
		if f := fields[name]; f.required && !f.given {
			d.report.mistake(at.key(name), required+"; want %s", wanted(f.value.Type()))
		}
	}
}

func (d *decoder) stringMap(node *yaml.Node, into reflect.Value, at place) {
	if node.Kind != yaml.MappingNode || into.Type().Elem().Kind() != reflect.String {
		d.wrong(node, into, at, false)
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		element := reflect.New(into.Type().Elem())
		d.decode(value, element.Elem(), at.key(word(key.Value)).at(value), false)
		into.SetMapIndex(reflect.ValueOf(key.Value).Convert(into.Type().Key()), element.Elem())
	}
}

func (d *decoder) wrong(node *yaml.Node, into reflect.Value, at place, secret bool) {
	hint := ""
	switch scalar := node.Kind == yaml.ScalarNode && node.Tag != "!!null"; {
	case scalar && into.Kind() == reflect.String:
		hint = "; put it in quotes"
	case scalar && isScalar(into) && node.Style&quotes != 0:
		hint = "; write it without quotes"
	}
	found := describe(node)
	if !secret && node.Kind == yaml.ScalarNode && isScalar(into) && node.Tag != "!!null" {
		found = "the " + nounOf(node) + " " + word(node.Value)
	}
	d.report.mistake(at, "want %s, found %s%s", wanted(into.Type()), found, hint)
}

// decimal keeps out what YAML 1.1 and 1.2 read as different numbers: 010, 0x10, 1_000.
var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)

func setScalar(node *yaml.Node, into reflect.Value) bool {
	switch into.Kind() {
	case reflect.String:
		if node.Tag != "!!str" {
			return false
		}
		into.SetString(node.Value)
	case reflect.Bool:
		// Ansible's documents say yes and no as well (YAML 1.1); only unquoted ones are booleans.
		value, known := booleans[strings.ToLower(node.Value)]
		if node.Kind != yaml.ScalarNode || node.Style&quotes != 0 || !known {
			return false
		}
		into.SetBool(value)
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(node.Value, 10, 32)
		if node.Tag != "!!int" || !decimal.MatchString(node.Value) || err != nil {
			return false
		}
		into.SetInt(number)
	default:
		return false
	}
	return true
}

const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

var booleans = map[string]bool{"true": true, "yes": true, "on": true, "false": false, "no": false, "off": false}

// unmarshal gives node to a type that reads JSON itself, such as metadata's times.
func unmarshal(node *yaml.Node, into json.Unmarshaler) error {
	var value any
	if err := node.Decode(&value); err != nil {
		return err
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return into.UnmarshalJSON(data)
}
