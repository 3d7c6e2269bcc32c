package document

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// decimal keeps out what YAML 1.1 and 1.2 read as different numbers: 010, 0x10, 1_000.
var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)

func setScalar(node *tree.Node, into reflect.Value) bool {
	switch into.Kind() {
	case reflect.String:
		if !node.IsScalar() || node.Tag != "!!str" {
			return false
		}
		into.SetString(node.Value)
	case reflect.Bool:
		value, known := boolean(node)
		if !known {
			return false
		}
		into.SetBool(value)
	case reflect.Int, reflect.Int64:
		bits := 32
		if into.Kind() == reflect.Int64 {
			bits = 64
		}
		number, err := strconv.ParseInt(node.Value, 10, bits)
		if node.Tag != "!!int" || !decimal.MatchString(node.Value) || err != nil {
			return false
		}
		into.SetInt(number)
	default:
		return false
	}
	return true
}

var booleans = map[string]bool{"true": true, "yes": true, "on": true, "false": false, "no": false, "off": false}

// boolean is the value of an unquoted word. Ansible's documents say yes and no as well (YAML 1.1).
func boolean(node *tree.Node) (value, known bool) {
	value, known = booleans[strings.ToLower(node.Value)]
	return value, known && node.IsScalar() && node.Style&quotes == 0
}

// free is a value of no fixed type, as JSON has it: maps, lists, strings, whole numbers as int64, other
// numbers as float64, booleans, nil.
func (d *decoder) free(node *tree.Node, field string, at tree.Place) any {
	if at.File != "" {
		d.places[field] = at
	}
	switch {
	case node.Tag == tree.Broken:
		d.settle(field)
		return nil
	case node.IsMapping():
		values := make(map[string]any, len(node.Content)/2)
		node.Fields(func(key, value *tree.Node) {
			values[key.Value] = d.free(value, tree.Join(field, key.Value), valuePlace(key, value))
		})
		return values
	case node.IsList():
		values := make([]any, 0, len(node.Content))
		for i, element := range node.Content {
			values = append(values, d.free(element, tree.Element(field, i), element.Place))
		}
		return values
	case strings.HasPrefix(node.String(), secretMark):
		d.mistake(field, at, "stands for a secret, and this text does not say which documents hold it; want the data source's profile_yaml whole")
		return nil
	}
	if node.Secret {
		d.secrets[field] = true
	}
	return d.freeScalar(node, field, at)
}

func (d *decoder) freeScalar(node *tree.Node, field string, at tree.Place) any {
	if value, known := boolean(node); known {
		return value
	}
	switch node.Tag {
	case "!!null":
		return nil
	case "!!int", "!!float":
		var value any
		if err := (&yaml.Node{Kind: yaml.ScalarNode, Tag: node.Tag, Value: node.Value}).Decode(&value); err != nil {
			d.mistake(field, at, "want a number, found %s", node.Describe())
			return nil
		}
		switch number := value.(type) {
		case int:
			return int64(number)
		case int64:
			return number
		case uint64:
			return float64(number)
		case float64:
			if math.IsInf(number, 0) || math.IsNaN(number) {
				d.mistake(field, at, "is not a number that JSON can hold; put it in quotes")
				return nil
			}
			return number
		}
	}
	// A date stays as it was written.
	return node.Value
}
