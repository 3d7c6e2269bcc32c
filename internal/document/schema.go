package document

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// typeAt is the type of the value at a path of a spec, nil where it is free, or what is wrong with the path.
func typeAt(path tree.Path) (t reflect.Type, problem string) {
	t = reflect.TypeFor[v1alpha1.NodeProfileSpec]()
	where := "spec"
	for _, s := range path {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case t == reflect.TypeFor[v1alpha1.Object]():
			return nil, ""
		case t.Kind() == reflect.Slice && s.Key == "":
			t = t.Elem()
		case t.Kind() == reflect.Slice:
			return nil, fmt.Sprintf("%s is %s, so it has no field %s", where, wanted(t), mistake.Word(s.Key))
		case t.Kind() != reflect.Struct:
			return nil, fmt.Sprintf("%s is %s, so there is nothing in it", where, wanted(t))
		case s.Key == "":
			return nil, fmt.Sprintf("%s is a mapping, so it has no elements", where)
		default:
			fields := fieldsOf(reflect.New(t).Elem())
			f, ok := fields[s.Key]
			if !ok {
				return nil, fmt.Sprintf("%s has no field %s%s", where, mistake.Word(s.Key), mistake.Suggest(s.Key, names(fields)))
			}
			t = f.value.Type()
		}
		if s.Key != "" {
			where += "."
		}
		where += s.String()
	}
	return t, ""
}

// errorAt is what is wrong with a value, which it names by its place.
func errorAt(value *tree.Node, problem string) error {
	return errors.New("the value at " + value.Place.String() + " " + problem)
}
