package transpose

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// mapping says whether node is a mapping, and reports a value that is none. What is missing or was
// reported before is passed over.
func mapping(node *tree.Node, r *tree.Report) bool {
	if node.IsNull() || node.Tag == tree.Broken {
		return false
	}
	if !node.IsMapping() {
		r.Mistake(node.Place, "found %s; want a mapping", node.Describe())
		return false
	}
	return true
}

// text is a string's value; another value is reported. What is missing or was reported before is empty.
func text(node *tree.Node, r *tree.Report) string {
	if node.IsNull() || node.Tag == tree.Broken {
		return ""
	}
	if !node.IsScalar() || node.Tag != "!!str" {
		r.Mistake(node.Place, "found %s; want a string", node.Describe())
		return ""
	}
	return node.Value
}

// known reports the fields of a mapping that are not among names.
func known(node *tree.Node, names []string, r *tree.Report) {
	node.Fields(func(key, _ *tree.Node) {
		if !slices.Contains(names, key.Value) {
			r.Mistake(key.Place, "unknown field%s", mistake.Suggest(key.Value, names))
		}
	})
}

// envelope are the fields of any document; a cluster adds the last.
var envelope = []string{"apiVersion", "kind", "metadata", "status"}

// only is a copy of a mapping with the fields that are among names.
func only(node *tree.Node, names []string) *tree.Node {
	out := node.Shell()
	node.Fields(func(key, value *tree.Node) {
		if slices.Contains(names, key.Value) {
			out.Content = append(out.Content, key, value)
		}
	})
	return out
}

// without is a copy of a mapping that lacks the fields of names.
func without(node *tree.Node, names ...string) *tree.Node {
	out := node.Shell()
	node.Fields(func(key, value *tree.Node) {
		if !slices.Contains(names, key.Value) {
			out.Content = append(out.Content, key, value)
		}
	})
	return out
}

// unite is the fields of two mappings, either of which may be nil. A field that both write is a
// mistake with both places, unless they agree.
func unite(base, more *tree.Node, r *tree.Report) *tree.Node {
	switch {
	case more.IsNull() || same(base, more):
		return base
	case base.IsNull(), base.IsMapping() && len(base.Content) == 0:
		return more
	case !base.IsMapping() || !more.IsMapping():
		r.Mistake(more.Place, "is here twice: %s says otherwise; keep one", where(base.Place))
		return base
	}
	out := base.Shell()
	out.Content = slices.Clone(base.Content)
	at := map[string]int{}
	for i := 0; i+1 < len(out.Content); i += 2 {
		at[out.Content[i].Value] = i + 1
	}
	more.Fields(func(key, value *tree.Node) {
		if i, ok := at[key.Value]; ok {
			out.Content[i] = unite(out.Content[i], value, r)
			return
		}
		out.Content = append(out.Content, key, value)
	})
	return out
}

// same says whether two nodes hold the same data.
func same(a, b *tree.Node) bool {
	return a == b || a != nil && b != nil && a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value &&
		slices.EqualFunc(a.Content, b.Content, same)
}
