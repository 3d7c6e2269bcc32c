package document

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// scalars visits every string, number and boolean of a value, by the names that documents give its fields.
type scalars struct {
	// visit gets a scalar. Where it answers true, its text takes the value's place; numbers and booleans
	// of a fixed type become zero, or missing where they may be.
	visit func(one scalar) (string, bool)
}

// scalar is a value of a field.
type scalar struct {
	field, text string
	isString    bool
	// tagged: the field is of a type that is a secret.
	tagged bool
}

// walk visits a value that can be set.
func (s *scalars) walk(value reflect.Value, field string, tagged bool) {
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return
		}
		if kind := value.Elem().Kind(); kind == reflect.Int || kind == reflect.Bool {
			if _, change := s.visit(scalar{field, fmt.Sprint(value.Elem().Interface()), false, tagged}); change {
				value.SetZero()
			}
			return
		}
		s.walk(value.Elem(), field, tagged)
	case reflect.Slice:
		for i := range value.Len() {
			s.walk(value.Index(i), tree.Element(field, i), tagged)
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			inner := reflect.New(value.Type().Elem()).Elem()
			inner.Set(value.MapIndex(key))
			s.walk(inner, tree.Join(field, key.String()), tagged)
			value.SetMapIndex(key, inner)
		}
	case reflect.Struct:
		s.structure(value, field)
	case reflect.Interface:
		s.free(value, field, tagged)
	case reflect.String:
		if text, change := s.visit(scalar{field, value.String(), true, tagged}); change {
			value.SetString(text)
		}
	case reflect.Int, reflect.Int64, reflect.Bool:
		if _, change := s.visit(scalar{field, fmt.Sprint(value.Interface()), false, tagged}); change {
			value.SetZero()
		}
	}
}

func (s *scalars) structure(value reflect.Value, field string) {
	for i := range value.NumField() {
		info := value.Type().Field(i)
		name, _, _ := strings.Cut(info.Tag.Get("json"), ",")
		switch {
		case !info.IsExported() || name == "-":
		case name == "" && info.Anonymous:
			s.walk(value.Field(i), field, false)
		default:
			s.walk(value.Field(i), tree.Join(field, name), info.Tag.Get("airship") == "secret")
		}
	}
}

// free visits what is in an Object.
func (s *scalars) free(value reflect.Value, field string, tagged bool) {
	if value.IsNil() {
		return
	}
	switch inner := value.Elem(); inner.Kind() {
	case reflect.Map, reflect.Slice:
		s.walk(inner, field, tagged)
	default:
		if text, change := s.visit(scalar{field, fmt.Sprint(inner.Interface()), inner.Kind() == reflect.String, tagged}); change {
			value.Set(reflect.ValueOf(text))
		}
	}
}
