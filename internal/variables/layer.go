package variables

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// twin is a list of a spec that extends another one instead of replacing it.
type twin struct {
	area, name string
	extends    []string // the path in the spec of the list that it extends
}

// twins are all of a spec, by their areas.
var twins = func() []twin {
	var found []twin
	for name, e := range table {
		list, ok := extended(name)
		if !ok || len(e.path) != 2 {
			continue
		}
		found = append(found, twin{e.path[0], e.path[1], slices.Concat(table[list[0]].path, list[1:])})
	}
	slices.SortFunc(found, func(a, b twin) int {
		return strings.Compare(a.area+" "+a.name, b.area+" "+b.name)
	})
	return found
}()

// Layer lays one layer's spec on those below: mappings merge key by key, everything else replaces, and
// the elements of each _append list go to the end of the list it extends. Either may be nil.
func Layer(base, over *tree.Node) *tree.Node {
	// What repos_append extends is the distribution's own list, which is known when all layers are.
	return layer(base, over, func(t twin) bool { return t.name == "repos_append" })
}

// Compose makes one layer of two, of which over lies on base; what lies below is not known, so an
// _append list stays one unless base has the list it extends. Either may be nil.
func Compose(base, over *tree.Node) *tree.Node {
	if base.IsNull() || over.IsNull() {
		return tree.Merge(base, over)
	}
	waits := func(twin) bool { return true }
	return layer(layer(nil, base, waits), over, waits)
}

// layer is Layer; a twin that waits stays as it is while the list it extends is not there.
func layer(base, over *tree.Node, waits func(twin) bool) *tree.Node {
	plain := over
	for _, t := range twins {
		if over.Get(t.area, t.name) != nil {
			plain = plain.Put(plain.Get(t.area).Without(t.name), t.area)
		}
	}
	spec := tree.Merge(base, plain)
	for _, t := range twins {
		if waits(t) && spec.Get(t.area, t.name) != nil && !over.Get(t.extends...).IsNull() {
			// What was to extend the list below goes with it.
			spec = spec.Put(spec.Get(t.area).Without(t.name), t.area)
		}
	}
	for _, t := range twins {
		added := over.Get(t.area, t.name)
		if added.IsNull() {
			continue
		}
		key, _ := over.Get(t.area).Field(t.name)
		if waits(t) && spec.Get(t.extends...).IsNull() {
			if joined, ok := tree.Append(base.Get(t.area, t.name), added); ok {
				added = joined
			}
			spec = spec.Put(spec.Get(t.area).With(key, added), t.area)
			continue
		}
		if joined, ok := tree.Append(spec.Get(t.extends...), added); ok && spec.Holds(t.extends...) {
			spec = spec.Put(joined, t.extends...)
		} else {
			// Of the wrong type, as the decoder is going to say.
			spec = spec.Put(spec.Get(t.area).With(key, added), t.area)
		}
	}
	return spec
}
