package kustomization

import (
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// identity is a resource as kustomizations know it on the way to its last name.
type identity struct {
	kind, apiVersion, namespace string
	// name is the one it has in the kustomization that is looked at; names are all it has had since its
	// file, the file's first.
	name  string
	names []string
	// file is real; generated says that it is the kustomization whose generator made the resource.
	file      string
	generated bool
	labels    labels.Set
}

func identityOf(document *tree.Node) identity {
	id := identity{
		kind: document.Get("kind").String(), apiVersion: document.Get("apiVersion").String(),
		name: document.Get("metadata", "name").String(), namespace: document.Get("metadata", "namespace").String(),
		labels: labels.Set{},
	}
	document.Get("metadata", "labels").Fields(func(key, value *tree.Node) { id.labels[key.Value] = value.Value })
	id.names = []string{id.name}
	return id
}

func (id identity) group() (group, version string) {
	group, version, grouped := strings.Cut(id.apiVersion, "/")
	if !grouped {
		return "", group
	}
	return group, version
}

// hashed is a generated name with kustomize's hash of the contents.
var hashed = regexp.MustCompile(`^(.+)-[bcdfghkmt24-9]{10}$`)

// in is the resource as r has it, and as what r lists has it, before r's prefix and suffix. false: the
// name or the namespace shows that the resource does not come from r.
func (id identity) in(r *root) (here, below identity, ok bool) {
	here, below = id, id
	prefix, suffix := r.text("namePrefix"), r.text("nameSuffix")
	name := id.name
	if id.generated && !strings.HasSuffix(name, suffix) || id.generated && suffix == "" {
		if match := hashed.FindStringSubmatch(name); match != nil {
			name = match[1]
		}
	}
	rest, prefixed := strings.CutPrefix(name, prefix)
	rest, suffixed := strings.CutSuffix(rest, suffix)
	// Kinds that kustomize does not rename keep their name.
	if !prefixed || !suffixed {
		if !slices.Contains([]string{"CustomResourceDefinition", "APIService", "Namespace"}, id.kind) {
			return here, below, false
		}
		rest = name
	}
	below.name = rest
	below.names = append(slices.Clone(id.names), name, rest)
	here.names = below.names
	if namespace := r.text("namespace"); namespace != "" && id.namespace != "" && namespace != id.namespace {
		return here, below, false
	}
	if r.text("namespace") != "" {
		below.namespace = ""
	}
	return here, below, true
}

// named says whether a patch's own kind and name are the resource's.
func (id identity) named(document *tree.Node) bool {
	other := identityOf(document)
	group, _ := id.group()
	otherGroup, _ := other.group()
	return other.kind == id.kind && otherGroup == group && slices.Contains(id.names, other.name)
}

// selected says whether a target of a patch or replacement, which has regular expressions, selects
// the resource.
func (id identity) selected(target *tree.Node) bool {
	group, version := id.group()
	for field, value := range map[string]string{"group": group, "version": version, "kind": id.kind} {
		if !matches(target.Get(field), value) {
			return false
		}
	}
	if !slices.ContainsFunc(id.names, func(name string) bool { return matches(target.Get("name"), name) }) {
		return false
	}
	// The namespace may be set later than the patch is applied.
	if id.namespace != "" && !matches(target.Get("namespace"), id.namespace) && !matches(target.Get("namespace"), "default") {
		return false
	}
	if text := target.Get("labelSelector").String(); text != "" {
		selector, err := labels.Parse(text)
		return err == nil && selector.Matches(id.labels)
	}
	return target.Get("annotationSelector").IsNull()
}

// matches says whether a field that may hold a regular expression of all of value is missing or does.
func matches(pattern *tree.Node, value string) bool {
	if pattern.IsNull() || pattern.Value == "" || pattern.Value == value {
		return true
	}
	expression, err := regexp.Compile("^(?:" + pattern.Value + ")$")
	return err == nil && expression.MatchString(value)
}
