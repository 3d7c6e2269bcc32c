package transpose

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// specFields are the fields of a NodeProfile's spec: its areas, and those beside them.
var specFields = func() []string {
	var names []string
	for field := range reflect.TypeFor[v1alpha1.NodeProfileSpec]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// labelled is a catalogue's profile; empty where it is nothing but a source of values.
func labelled(catalogue *tree.Node) *tree.Node {
	return catalogue.Get("metadata", "labels", v1alpha1.LabelNodeProfile)
}

// variableCatalogue is the NodeProfile that a labelled VariableCatalogue is a part of. Areas lie in it as
// areas, and Airship's variables as in a vars file, at the document's root or below spec.
func variableCatalogue(root *tree.Node, r *tree.Report) []*tree.Node {
	if text(labelled(root), r) == "" {
		return nil
	}
	spec := profileSpec(without(root, append([]string{"spec"}, envelope...)...), r)
	if below := root.Get("spec"); mapping(below, r) {
		spec = unite(spec, profileSpec(below, r), r)
	}
	return []*tree.Node{document(v1alpha1.KindNodeProfile, root.Place, root.Get("metadata"), spec)}
}

// profileSpec is a NodeProfile's spec of a mapping in which areas and variables stand side by side.
func profileSpec(values *tree.Node, r *tree.Report) *tree.Node {
	areas, vars := values.Shell(), values.Shell()
	values.Fields(func(key, value *tree.Node) {
		switch {
		case isArea(key.Value, value):
			areas.Content = append(areas.Content, key, value)
		case slices.Contains(specFields, nearest(key.Value)):
			r.Mistake(key.Place, "unknown area; did you mean %s?", nearest(key.Value))
		default:
			vars.Content = append(vars.Content, key, value)
		}
	})
	return unite(areas, variables.Spec("", vars, r), r)
}

// isArea tells the area files, a mapping, from Airship's variable of that name, a list.
func isArea(name string, value *tree.Node) bool {
	if _, isVariable := variables.Area(name); isVariable && !value.IsMapping() {
		return false
	}
	return slices.Contains(specFields, name)
}

// nearest is the field of a spec, or the variable, that was probably meant by an unknown name.
func nearest(name string) string {
	names := slices.Concat(specFields, variables.Names(), variables.WithoutEffect())
	if slices.Contains(names, name) {
		return ""
	}
	return mistake.Near(name, names)
}

// packageVersion is a version of the Kubernetes packages, which has the package's revision behind the
// software's own version: 1.18.6-00, 1.30.1-1.1.
var packageVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+-[0-9][0-9.~]*$`)

// versionsCatalogue is the NodeProfile that a labelled VersionsCatalogue is a part of: its Kubernetes
// version, where that is one of the packages.
func versionsCatalogue(root *tree.Node, r *tree.Report) []*tree.Node {
	label := labelled(root)
	if text(label, r) == "" {
		return nil
	}
	const single = "remove the label, and take single values with the profile's valuesFrom"
	version := root.Get("spec", "kubernetes")
	switch {
	case version.IsNull():
		r.Mistake(label.Place, "the catalogue has no spec.kubernetes, which is all of it that a profile can be made of; %s", single)
		return nil
	case !packageVersion.MatchString(version.String()):
		r.Mistake(version.Place, "is not the version of a package, such as 1.18.6-00; %s, or write the package's version", single)
		return nil
	}
	spec := tree.Mapping(root.Get("spec").Place).Put(version, "software", "k8s_version")
	return []*tree.Node{document(v1alpha1.KindNodeProfile, root.Place, root.Get("metadata"), spec)}
}
