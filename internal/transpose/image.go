package transpose

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// image is an AirshipImage in parts; each may be nil.
type image struct {
	// at is where the document begins that the image comes from.
	at       tree.Place
	metadata *tree.Node
	profile  *tree.Node // nodeProfileRef
	// container, fields (of the builder, without the last two), params, hosts and publish are the spec's.
	container, fields, params, hosts, publish *tree.Node
	action, output                            *tree.Node
}

// document is the image as an AirshipImage.
func (i image) document() *tree.Node {
	spec := i.at.Key("spec")
	builder := i.fields
	if builder.IsNull() {
		builder = tree.Mapping(spec.Key("builder"))
	}
	builder = put(builder, "action", i.action)
	builder = put(builder, "outputFileName", i.output)

	out := tree.Mapping(spec)
	out = put(out, "nodeProfileRef", i.profile)
	out = put(out, "container", i.container)
	out = put(out, "builder", builder)
	out = put(out, "params", i.params)
	out = put(out, "hostSelector", i.hosts)
	out = put(out, "publish", i.publish)
	return document(v1alpha1.KindAirshipImage, i.at, i.metadata, out)
}

// document is a document of a kind of this API version.
func document(kind string, at tree.Place, metadata, spec *tree.Node) *tree.Node {
	out := tree.Mapping(at)
	out = put(out, "apiVersion", tree.Text(v1alpha1.APIVersion, at.Key("apiVersion")))
	out = put(out, "kind", tree.Text(kind, at.Key("kind")))
	out = put(out, "metadata", metadata)
	return put(out, "spec", spec)
}

// put is a copy of a mapping that has value in a field; the mapping itself where value is nil.
func put(mapping *tree.Node, field string, value *tree.Node) *tree.Node {
	if value == nil {
		return mapping
	}
	return mapping.Put(value, field)
}

// named is a metadata of nothing but a name.
func named(name *tree.Node, at tree.Place) *tree.Node {
	return put(tree.Mapping(at.Key("metadata")), "name", name)
}

// reference is the nodeProfileRef of an image that comes from root: the one that is written, else the
// profile of the document's own name, else the only one of the set.
func (s *set) reference(root, written *tree.Node, r *tree.Report) *tree.Node {
	if !written.IsNull() {
		return written
	}
	own := root.Get("metadata", "name")
	name := own.String()
	if name == "" {
		return nil // no name, which is reported of the image
	}
	refer := func(profile string) *tree.Node {
		return put(tree.Mapping(own.Place), "name", tree.Text(profile, own.Place))
	}
	if _, there := slices.BinarySearch(s.profiles, name); there {
		return refer(name)
	}
	if s.partial {
		return own.Break()
	}
	const write = "nodeProfileRef: {name: %s}"
	at := root.Place.Key("nodeProfileRef")
	switch len(s.profiles) {
	case 0:
		r.Mistake(at, "no NodeProfile is among the documents; add one named %s, or write "+write,
			mistake.Word(name), "airship-default")
	case 1:
		return refer(s.profiles[0])
	default:
		r.Mistake(at, "which profile is meant? None is named %s; write "+write+", or another of them%s",
			mistake.Word(name), mistake.Word(s.profiles[0]), instead("", s.profiles))
	}
	return own.Break()
}
