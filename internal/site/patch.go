package site

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

const kustomizationFile = "kustomization.yaml"

// component is a kustomization of the kind Component: one line of a site's `components` applies what it holds, after the
// site's generators have run.
type component struct {
	APIVersion string           `yaml:"apiVersion"`
	Kind       string           `yaml:"kind"`
	Resources  []string         `yaml:"resources,omitempty"`
	Patches    []componentPatch `yaml:"patches,omitempty"`
}

type componentPatch struct {
	Path   string      `yaml:"path"`
	Target patchTarget `yaml:"target"`
}

// patchTarget selects one document; kustomize takes name and namespace for regular expressions of all of it.
type patchTarget struct {
	Group     string `yaml:"group,omitempty"`
	Version   string `yaml:"version,omitempty"`
	Kind      string `yaml:"kind"`
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace,omitempty"`
}

const (
	componentVersion = "kustomize.config.k8s.io/v1alpha1"
	componentKind    = "Component"
)

// readComponent is the component that an earlier run left in a directory, or a new one.
func readComponent(name string, data []byte) (component, error) {
	if data == nil {
		return component{APIVersion: componentVersion, Kind: componentKind}, nil
	}
	var c component
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil || c.Kind != componentKind || c.APIVersion != componentVersion {
		return c, &mistake.Mistake{File: name, Problem: "is a kustomization of another kind than patches are written to; name another directory"}
	}
	return c, nil
}

// add lists a patch, in the place of an earlier one of its file.
func (c *component) add(patch componentPatch) {
	c.Patches = slices.DeleteFunc(c.Patches, func(other componentPatch) bool { return other.Path == patch.Path })
	c.Patches = append(c.Patches, patch)
	slices.SortFunc(c.Patches, func(a, b componentPatch) int { return strings.Compare(a.Path, b.Path) })
}

func (c *component) addResource(name string) {
	if !slices.Contains(c.Resources, name) {
		c.Resources = append(c.Resources, name)
		slices.Sort(c.Resources)
	}
}

var notInName = regexp.MustCompile(`[^a-z0-9.-]+`)

// patchName is the name of a document's own file.
func patchName(kind, namespace, name string) string {
	clean := func(text string) string { return notInName.ReplaceAllString(strings.ToLower(text), "-") }
	if namespace != "" {
		name = clean(namespace) + "_" + clean(name) // which neither has
	} else {
		name = clean(name)
	}
	return clean(kind) + "-" + name + ".yaml"
}

// patch is the kustomize patch of a document: a strategic merge, or JSON6902 operations where an element of a list changes,
// since a merge would replace the list.
func (p *planned) patch() (componentPatch, []byte, error) {
	d := p.document
	group, version, grouped := strings.Cut(d.apiVersion, "/")
	if !grouped {
		group, version = "", d.apiVersion
	}
	listed := componentPatch{
		Path:   patchName(d.kind, d.namespace, d.name),
		Target: patchTarget{Group: group, Version: version, Kind: d.kind, Name: regexp.QuoteMeta(d.name), Namespace: regexp.QuoteMeta(d.namespace)},
	}
	var root *yaml.Node
	if hasIndex(p.sets) {
		root = &yaml.Node{Kind: yaml.SequenceNode, Content: operations(d.node, p.sets, "", d.origin == rendered)}
	} else {
		metadata := []set{text("name", d.name)}
		if d.namespace != "" {
			metadata = append(metadata, text("namespace", d.namespace))
		}
		identity := []set{text("apiVersion", d.apiVersion), text("kind", d.kind), {key: "metadata", index: -1, inner: metadata}}
		joined, _ := join(identity, withNulls(p.sets))
		root = set{inner: joined}.node()
	}
	data, err := yamlOf(root)
	if err != nil {
		return listed, nil, fmt.Errorf("write the patch of %s: %w", d.title(), err)
	}
	return listed, data, nil
}

// withNullsOf is a patch with the nulls of the one before it: what is rendered with that lacks what it removes.
func withNullsOf(before, patch []byte) ([]byte, error) {
	was, err := roots(before)
	is, problem := roots(patch)
	if err != nil || len(was) != 1 || problem != nil || len(is) != 1 {
		return patch, nil // whose it is was looked at
	}
	addNulls(is[0], was[0])
	return yamlOf(is[0])
}

func addNulls(to, from *yaml.Node) {
	if to.Kind != yaml.MappingNode || from.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		switch at := (set{key: key.Value, index: -1}).find(to); {
		case at >= 0:
			addNulls(to.Content[at], value)
		case value.ShortTag() == tagNull:
			to.Content = append(to.Content, key, value)
		}
	}
}

func hasIndex(sets []set) bool {
	return slices.ContainsFunc(sets, func(s set) bool { return s.index >= 0 || hasIndex(s.inner) })
}

// removes says whether a key of a mapping is to be gone.
func removes(sets []set) bool { return slices.ContainsFunc(sets, func(s set) bool { return s.remove }) }

// withNulls says what is removed as a strategic merge does.
func withNulls(sets []set) []set {
	var all []set
	for _, s := range sets {
		if s.remove {
			s = nulled(s.key)
		}
		if s.inner != nil {
			s.inner = withNulls(s.inner)
		}
		all = append(all, s)
	}
	return all
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// operations are changes as JSON6902 has them. An element that was chosen by a field is tested for it first. What is rendered may have an earlier patch
// in it, and then lacks what that removed: a mapping that is to lack a key is replaced as a whole there.
func operations(node *yaml.Node, sets []set, pointer string, isRendered bool) []*yaml.Node {
	var all []*yaml.Node
	for _, s := range sets {
		at := s.find(node)
		path := pointer + "/" + pointerEscape.Replace(s.key)
		if s.index >= 0 {
			path = pointer + "/" + strconv.Itoa(s.index)
		}
		switch {
		case s.remove && at < 0:
		case s.remove:
			all = append(all, operation("remove", path, nil))
		case at < 0 || s.index < 0 && (s.inner == nil || node.Content[at].Kind == yaml.ScalarNode):
			// It replaces a value that is there (RFC 6902, 4.1). What is rendered may have the key from an earlier patch alone.
			all = append(all, operation("add", path, s.node()))
		case s.inner == nil || node.Content[at].Kind == yaml.ScalarNode:
			all = append(all, operation("replace", path, s.node()))
		default:
			if test := s.test(node.Content[at], path); test != nil {
				all = append(all, test)
			}
			if whole := clone(node.Content[at]); isRendered && removes(s.inner) && apply(whole, s.inner) == nil {
				all = append(all, operation("replace", path, whole))
			} else {
				all = append(all, operations(node.Content[at], s.inner, path, isRendered)...)
			}
		}
	}
	return all
}

// test is the operation that fails where the element is another one; nil where it was chosen by its number.
func (s set) test(element *yaml.Node, path string) *yaml.Node {
	for _, key := range s.match {
		at := set{key: key, index: -1}.find(element)
		if at < 0 {
			return nil
		}
		element = element.Content[at]
		path += "/" + pointerEscape.Replace(key)
	}
	if s.match == nil || element.Kind != yaml.ScalarNode {
		return nil
	}
	return operation("test", path, &yaml.Node{Kind: yaml.ScalarNode, Tag: element.ShortTag(), Value: element.Value})
}

func operation(op, path string, value *yaml.Node) *yaml.Node {
	node := set{inner: []set{text("op", op), text("path", path)}}.node()
	if value != nil {
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: tagText, Value: "value"}, value)
	}
	return node
}

// newImage is the AirshipImage of an image that is in none of the documents.
func newImage(image *Image) []byte {
	spec := []set{}
	if image.Profile != "" {
		spec = append(spec, set{key: "nodeProfileRef", index: -1, inner: []set{text("name", image.Profile)}})
	}
	if image.Action != "" {
		spec = append(spec, set{key: "builder", index: -1, inner: []set{text("action", image.Action)}})
	}
	if len(image.HostLabels) > 0 {
		var labels []set
		for _, key := range slices.Sorted(maps.Keys(image.HostLabels)) {
			labels = append(labels, text(key, image.HostLabels[key]))
		}
		spec = append(spec, under([]set{{key: "hostSelector", index: -1}, {key: "matchLabels", index: -1}}, labels)...)
	}
	document := set{inner: []set{
		text("apiVersion", "airshipit.org/v1alpha1"),
		text("kind", "AirshipImage"),
		{key: "metadata", index: -1, inner: []set{text("name", image.ImageName)}},
		{key: "spec", index: -1, inner: spec},
		{key: "status", index: -1, inner: status(image, nil)},
	}}
	data, err := yamlOf(document.node())
	if err != nil {
		panic(err) // a tree of scalars and mappings alone
	}
	return data
}

// patches are the files of patches and new documents in a directory.
func (o *outcome) patches(directory string) error {
	if len(o.patched) == 0 && len(o.created) == 0 {
		return nil
	}
	name := filepath.Join(directory, kustomizationFile)
	before := existing(name)
	c, err := readComponent(name, before)
	if err != nil && len(o.patched) > 0 {
		return err
	}
	var mistakes []*mistake.Mistake
	for _, plan := range o.patched {
		listed, data, err := plan.patch()
		if err != nil {
			return err
		}
		if o.namesakes(plan.document) {
			listed.Target.Namespace = defaultNamespace // as kustomize takes a document without one
		}
		c.add(listed)
		name := filepath.Join(directory, listed.Path)
		mistakes = append(mistakes, o.others(name, []*document{plan.document}, true)...)
		if plan.document.origin == rendered {
			if data, err = withNullsOf(existing(name), data); err != nil {
				return err
			}
		}
		o.put(name, data)
	}
	for _, image := range o.created {
		file := patchName("AirshipImage", "", image.ImageName)
		c.addResource(file)
		name := filepath.Join(directory, file)
		data, err := withStatus(name, image)
		if err != nil {
			mistakes = append(mistakes, mistake.All(err)...)
			continue
		}
		o.put(name, data)
	}
	if err := mistake.Join(mistakes); err != nil {
		return err
	}
	if len(o.patched) == 0 && before == nil && !o.always {
		return nil
	}
	if err != nil {
		return nil // a kustomization of the operator's beside a new document: it is left to them
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	o.put(name, out.Bytes())
	return nil
}

// namesakes says whether a document without a namespace has others of its kind and name in one, which its patch must not change.
func (o *outcome) namesakes(d *document) bool {
	return d.namespace == "" && slices.ContainsFunc(o.site.documents, func(other *document) bool {
		return other.is(d.kind, d.name, "") && other.namespace != ""
	})
}
