package document

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// field is a struct's field as documents see it.
type field struct {
	value    reflect.Value
	required bool
	secret   bool
	given    bool
}

// fieldsOf are a struct's fields by their names in documents; those of an embedded struct
// without a name of its own count as the struct's.
func fieldsOf(structure reflect.Value) map[string]field {
	fields := map[string]field{}
	for i := range structure.NumField() {
		info := structure.Type().Field(i)
		name, options, _ := strings.Cut(info.Tag.Get("json"), ",")
		switch {
		case name == "-" || !info.IsExported():
		case name == "" && info.Anonymous:
			maps.Copy(fields, fieldsOf(structure.Field(i)))
		default:
			fields[name] = field{
				value:    structure.Field(i),
				required: !strings.Contains(options, "omit"),
				secret:   info.Tag.Get("airship") == "secret",
			}
		}
	}
	return fields
}

func names(fields map[string]field) []string { return slices.Sorted(maps.Keys(fields)) }

// wanted names a type in the words of a document.
func wanted(t reflect.Type) string {
	if t == reflect.TypeFor[v1alpha1.Scalar]() {
		return "a string, number or boolean"
	}
	if t == reflect.TypeFor[v1alpha1.Object]() {
		return "a mapping"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Slice:
		return "a list of " + plural(t.Elem())
	case reflect.Map:
		return "a mapping of strings"
	case reflect.Struct:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	default:
		return "a whole decimal number"
	}
}

func plural(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "strings"
	case reflect.Struct:
		return "mappings"
	default:
		return "values"
	}
}

func isScalar(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map:
		return false
	default:
		return true
	}
}
