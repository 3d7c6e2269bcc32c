package transpose

import (
	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// isoConfiguration is the AirshipImage of an IsoConfiguration, with what its selectors select.
func (s *set) isoConfiguration(root *tree.Node, r *tree.Report) []*tree.Node {
	own := []string{"nodeProfileRef", "container", fieldBuilder, "hostSelector", "publish"}
	fields := without(root, envelope...)
	known(fields, own, r)

	i := image{
		at: root.Place, metadata: root.Get("metadata"), profile: s.reference(root, root.Get("nodeProfileRef"), r),
		container: root.Get("container"), hosts: root.Get("hostSelector"), publish: root.Get("publish"),
	}
	node := root.Get(fieldBuilder)
	if !mapping(node, r) {
		node = tree.Mapping(root.Place.Key(fieldBuilder))
	}
	i.fields = without(node, append([]string{"action", fieldOutput, fieldParams}, selectorFields...)...)
	i.output = oneName([]*tree.Node{node.Get(fieldOutput)}, r)
	i.action = oneAction([]*tree.Node{
		tree.Text(v1alpha1.ActionBuildISO, root.Get("kind").Place), node.Get("action"),
	}, i.output, root.Place, r)
	i.params = s.selected(node, true, r)
	if inner := node.Get(fieldParams); mapping(inner, r) {
		i.params = unite(i.params, inner, r)
	}
	return []*tree.Node{i.document()}
}

// Fields of a builder that select documents of the set.
var selectorFields = []string{"userDataSelector", "userDataKey", "networkConfigSelector", "networkConfigKey"}

// content is what a selector is for.
type content struct {
	noun          string
	selector, key string // fields of the builder
	fileName      string // the field that goes in place of the selector
	defaultKey    string
	defaultKind   string
	defaultLabels string
	host          string // the field of a BareMetalHost's spec that refers to the Secret
	target        []string
	isText        bool // else the text is read as a mapping
}

// The selectors and keys of airshipctl, where none is written.
var contents = []content{{
	noun: "user data", selector: "userDataSelector", key: "userDataKey", fileName: "userDataFileName",
	defaultKey: "userData", defaultKind: "Secret", defaultLabels: v1alpha1.Group + "/ephemeral-user-data in (True, true)",
	host: "userData", target: []string{"cloudInit", "userData"}, isText: true,
}, {
	noun: "network data", selector: "networkConfigSelector", key: "networkConfigKey", fileName: "networkConfigFileName",
	defaultKey: "networkData", defaultKind: "BareMetalHost", defaultLabels: v1alpha1.Group + "/ephemeral-node in (True, true)",
	host: "networkData", target: []string{"networking", "networkData"},
}}

func selectsAny(builder *tree.Node) bool { return len(only(builder, selectorFields).Content) > 0 }

// selected is the params that a builder's selectors give; nil where they give none. defaults also
// selects what airshipctl does where no selector is written; that may be missing from the set.
func (s *set) selected(builder *tree.Node, defaults bool, r *tree.Report) *tree.Node {
	if s.selections++; s.selections > maxSelections {
		r.Mistake(builder.Place, "is one of more than %d builders with selectors, too many for one set of documents", maxSelections)
		return nil
	}
	var params *tree.Node
	for _, c := range contents {
		written := builder.Get(c.selector)
		file := builder.Get(c.fileName)
		chosen, ok := s.selector(written, r)
		if !ok {
			continue
		}
		switch {
		case !chosen.empty() && !file.IsNull():
			r.Mistake(file.Place, "stands beside %s; keep one", where(written.Place))
			continue
		case chosen.empty() && (!file.IsNull() || !defaults && written.IsNull() && builder.Get(c.key).IsNull()):
			continue
		case chosen.empty():
			chosen = c.defaultSelector(builder)
		}
		key := builder.Get(c.key)
		if key.IsNull() {
			key = tree.Text(c.defaultKey, chosen.at)
		}
		if value := s.content(c, chosen, key, r); value != nil {
			if params == nil {
				params = tree.Mapping(builder.Place)
			}
			params = params.Put(value, c.target...)
		}
	}
	return params
}

// content is the one value that a selector and a key select, as text or as the tree of a text.
func (s *set) content(c content, chosen selector, key *tree.Node, r *tree.Report) *tree.Node {
	source := s.selectOne(c, chosen, r)
	if source == nil {
		return nil
	}
	if source.Get("kind").String() == "BareMetalHost" {
		if source = s.referred(c, source, r); source == nil {
			return nil
		}
	}
	name := text(key, r)
	if name == "" {
		return nil
	}
	return s.valueOf(c, source, name, key.Place, r)
}

// referred is the Secret that a BareMetalHost refers to.
func (s *set) referred(c content, host *tree.Node, r *tree.Report) *tree.Node {
	at := host.Place.Key("spec").Key(c.host)
	reference := host.Get("spec", c.host)
	if reference.IsNull() {
		r.Mistake(at, "is required of the host %s, which was selected for its %s; want {name: SECRET}", mistake.Word(nameOf(host)), c.noun)
		return nil
	}
	if !mapping(reference, r) {
		return nil
	}
	name := text(reference.Get("name"), r)
	namespace := reference.Get("namespace").String()
	if namespace == "" {
		namespace = host.Get("metadata", "namespace").String()
	}
	var names []string
	for _, root := range s.byKind["Secret"] {
		other := root.Get("metadata", "namespace").String()
		if nameOf(root) == name && (namespace == "" || other == "" || namespace == other) {
			return root
		}
		names = append(names, nameOf(root))
	}
	if s.partial {
		return nil
	}
	r.Mistake(reference.Place, "there is no Secret %s among the documents%s", mistake.Word(name), instead(name, names))
	return nil
}
