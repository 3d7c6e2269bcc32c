package document

import (
	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// DefaultRepositories are a profile's package sources where its documents name none: the suite, its
// updates and security, from the build's mirror. Empty for a distribution that has none here.
func DefaultRepositories(distribution, suite string) []v1alpha1.Repository {
	if distribution != "debian" {
		return nil
	}
	repository := func(name, suite string) v1alpha1.Repository {
		return v1alpha1.Repository{Name: name, Suite: suite, Components: "main", RegisterRepoWithRootfs: true}
	}
	return []v1alpha1.Repository{
		repository("debian", suite),
		repository("debian-updates", suite+"-updates"),
		repository("debian-security", suite+"-security"),
	}
}

// withDistribution is spec with the list that a repos_append without repos extends.
func withDistribution(spec *tree.Node) *tree.Node {
	software := spec.Get("software")
	added := software.Get("repos_append")
	if !added.IsList() || len(added.Content) == 0 || !software.Get("repos").IsNull() {
		return spec
	}
	own := DefaultRepositories(spec.Get("distribution").String(), spec.Get("suite").String())
	list := tree.List(added.Place)
	for _, repository := range own {
		// The place is the list's that made them be there.
		plain := map[string]any{
			"name": repository.Name, "suite": repository.Suite, "components": repository.Components,
			"register_repo_with_rootfs": repository.RegisterRepoWithRootfs,
		}
		if node, err := tree.Of(plain, added.Place); err == nil {
			list.Content = append(list.Content, node)
		}
	}
	list.Content = append(list.Content, added.Content...)
	return spec.Put(software.Without("repos_append").With(tree.Text("repos", added.Place), list), "software")
}
