package document

import (
	"reflect"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// twin is a list that extends another one instead of replacing it.
type twin struct{ area, name string }

const appendSuffix = "_append"

// twins are all of a spec, by their areas.
var twins = func() []twin {
	var found []twin
	spec := fieldsOf(reflect.New(reflect.TypeFor[v1alpha1.NodeProfileSpec]()).Elem())
	for _, area := range names(spec) {
		if spec[area].value.Kind() != reflect.Struct {
			continue
		}
		for _, name := range names(fieldsOf(spec[area].value)) {
			if strings.HasSuffix(name, appendSuffix) {
				found = append(found, twin{area, name})
			}
		}
	}
	return found
}()

// extends is the path in the spec of the list that the twin extends.
func (t twin) extends() []string {
	if t.name == "grub_cmdline_linux_default_append" {
		return []string{t.area, "grub", "GRUB_CMDLINE_LINUX_DEFAULT"}
	}
	return []string{t.area, strings.TrimSuffix(t.name, appendSuffix)}
}

// layer lays one layer's spec on those below: mappings merge key by key, everything else replaces, and
// the elements of each _append list go to the end of the list it extends. Either may be nil.
func layer(base, over *tree.Node) *tree.Node {
	plain := over
	for _, t := range twins {
		if over.Get(t.area, t.name) != nil {
			plain = plain.Put(plain.Get(t.area).Without(t.name), t.area)
		}
	}
	spec := tree.Merge(base, plain)
	if waiting := spec.Get("software", "repos_append"); waiting != nil && !spec.Get("software", "repos").IsNull() {
		// What was to extend the distribution's own sources goes with them.
		spec = spec.Put(spec.Get("software").Without("repos_append"), "software")
	}
	for _, t := range twins {
		added := over.Get(t.area, t.name)
		if added.IsNull() {
			continue
		}
		if t.name == "repos_append" && spec.Get("software", "repos").IsNull() {
			// The list is the distribution's, which is known when all layers are.
			if joined, ok := tree.Append(base.Get(t.area, t.name), added); ok {
				added = joined
			}
			spec = spec.Put(added, t.area, t.name)
			continue
		}
		if joined, ok := tree.Append(spec.Get(t.extends()...), added); ok && holds(spec, t.extends()...) {
			spec = spec.Put(joined, t.extends()...)
		} else {
			// Of the wrong type, as the decoder is going to say.
			key, _ := over.Get(t.area).Field(t.name)
			spec = spec.Put(spec.Get(t.area).With(key, added), t.area)
		}
	}
	return spec
}

// holds says whether a spec can have a value at keys: nothing on the way there is of another kind.
func holds(spec *tree.Node, keys ...string) bool {
	for _, key := range keys {
		if !spec.IsNull() && !spec.IsMapping() {
			return false
		}
		spec = spec.Get(key)
	}
	return true
}
