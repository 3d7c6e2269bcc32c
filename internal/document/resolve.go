package document

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// resolve is a spec of one layer, its references filled in, with its defaults, Kubernetes' packages
// pinned to k8s_version and kernel_headers_pkg among the packages. Partitions keep no default: the
// layout is the plan's. A resolved spec comes back unchanged.
func resolve(spec *tree.Node, name string) *tree.Node {
	spec = withDistribution(defaults(spec, name))
	kernel := spec.Get("osKernel", "kernel_headers_pkg")
	if headers := kernel.String(); headers != "" && !slices.Contains(asked(spec), headers) {
		list, ok := tree.Append(spec.Get("software", "packages"), tree.List(kernel.Place, kernel))
		if ok && spec.Holds("software", "packages") {
			spec = spec.Put(list, "software", "packages")
		}
	}
	version := spec.Get("software", "k8s_version")
	if version.String() == "" {
		return spec
	}
	for _, list := range []string{"packages", "ubuntu_packages"} {
		if packages := spec.Get("software", list); packages.IsList() {
			spec = spec.Put(pinned(packages, version), "software", list)
		}
	}
	if repos := spec.Get("software", "repos"); repos.IsList() {
		out := repos.Shell()
		for _, repo := range repos.Content {
			if packages := repo.Get("packages"); packages.IsList() {
				repo = repo.Put(pinned(packages, version), "packages")
			}
			out.Content = append(out.Content, repo)
		}
		spec = spec.Put(out, "software", "repos")
	}
	return spec
}

// defaults are filled in where a field is missing or an empty string. They have no line.
func defaults(spec *tree.Node, name string) *tree.Node {
	fallback := func(value string, keys ...string) {
		found := spec.Get(keys...)
		if spec.Holds(keys...) && (found.IsNull() || found.Tag == "!!str" && found.Value == "") {
			spec = spec.Put(tree.Text(value, tree.Place{}), keys...)
		}
	}
	fallback("baremetal", "platform")
	fallback("amd64", "architecture")
	fallback("debian", "distribution")
	if spec.Get("distribution").String() == "debian" {
		fallback("bookworm", "suite")
	}
	fallback(name, "networking", "hostname")
	return spec
}

// pinned is packages with Kubernetes' own at version, where they name none.
func pinned(packages, version *tree.Node) *tree.Node {
	out := packages.Shell()
	for _, element := range packages.Content {
		switch name := strings.TrimSpace(element.String()); name {
		case "kubelet", "kubeadm", "kubectl":
			with := *element
			with.Value = name + "=" + version.Value
			with.Secret = element.Secret || version.Secret
			element = &with
		}
		out.Content = append(out.Content, element)
	}
	return out
}

// asked are the packages of all lists of the software area.
func asked(spec *tree.Node) []string {
	var all []string
	add := func(list *tree.Node) {
		if list.IsList() {
			for _, element := range list.Content {
				all = append(all, element.String())
			}
		}
	}
	software := spec.Get("software")
	add(software.Get("packages"))
	add(software.Get("ubuntu_packages"))
	if repos := software.Get("repos"); repos.IsList() {
		for _, repo := range repos.Content {
			add(repo.Get("packages"))
		}
	}
	return all
}
