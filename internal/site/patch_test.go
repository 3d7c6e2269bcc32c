package site

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/airshipit/packer-plugin-airship/internal/kustomization"
)

// kustomized is what kustomize makes of a directory, as its documents in their order.
func kustomized(t *testing.T, directory string) string {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	require.NoError(t, err)
	text, err := built.AsYaml()
	require.NoError(t, err)
	return string(text)
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
}

// listed is a kustomization of all YAML files of a directory.
func listed(t *testing.T, directory string, more string) {
	t.Helper()
	var text strings.Builder
	text.WriteString("resources:\n")
	require.NoError(t, filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".yaml") && !strings.Contains(path, "patches") && filepath.Base(path) != "kustomization.yaml" {
			relative, err := filepath.Rel(directory, path)
			require.NoError(t, err)
			text.WriteString("- " + filepath.ToSlash(relative) + "\n")
		}
		return err
	}))
	writeFile(t, filepath.Join(directory, "kustomization.yaml"), text.String()+more)
}

// What the patches make of the documents is what editing them does.
func TestPatchesAreEdits(t *testing.T) {
	images := []Image{controlPlane(), worker(), ephemeral()}
	edited, patched := copied(t, "site"), copied(t, "site")
	changes, err := read(t, Source{Documents: []string{edited}}).Point(t.Context(), images, everything(), Output{Directory: filepath.Join(edited, "new")})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	listed(t, edited, "")

	out := filepath.Join(patched, "patches")
	changes, err = read(t, Source{Documents: []string{patched}}).Point(t.Context(), images, everything(), Output{Form: Patch, Directory: out})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	golden(t, "patches.diff", shown(changes.Diff(), patched))
	listed(t, patched, "components: [patches]\n")
	assert.ElementsMatch(t, strings.Split(kustomized(t, edited), "---\n"), strings.Split(kustomized(t, patched), "---\n"))

	// Rendered with the patches, every document points at its image; a second run keeps those there are.
	site := read(t, Source{Kustomizations: []string{patched}})
	again, err := site.Point(t.Context(), images, everything(), Output{Form: Patch, Directory: out})
	require.NoError(t, err)
	assert.Empty(t, again.Files)
	next := worker()
	next.URL, next.SHA256 = "http://images.example.org/worker/2.raw", digits("9", 64)
	again, err = site.Point(t.Context(), []Image{next}, Request{Targets: []Target{{Kind: "BareMetalHost"}}}, Output{Form: Patch, Directory: out})
	require.NoError(t, err)
	require.NoError(t, again.Write())
	var names []string
	for _, change := range again.Files {
		names = append(names, filepath.Base(change.Name))
	}
	assert.Equal(t, []string{recordFile, "baremetalhost-lab_node03.yaml", "baremetalhost-node02.yaml"}, names)
	assert.Equal(t, 2, strings.Count(kustomized(t, patched), "worker/2.raw"))
	assert.Contains(t, kustomized(t, patched), "control-plane/1.qcow2")
}

// An element that is chosen by its name is not patched where another one has its place.
func TestPatchTestsElement(t *testing.T) {
	directory := copied(t, "site")
	out := filepath.Join(directory, "patches")
	changes, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{controlPlane()},
		Request{Targets: []Target{{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks[name=worker].image"}}}, Output{Form: Patch, Directory: out})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	name := filepath.Join(directory, "catalogues", "variables.yaml")
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(data), "- name: worker", "- name: storage", 1)), 0o644))
	listed(t, directory, "components: [patches]\n")
	_, err = krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	require.ErrorContains(t, err, "testing value /spec/disks/1/name failed")
}

// Hosts that a template generates get patches, which a component applies after the generators; or they are written whole.
func TestGeneratedHosts(t *testing.T) {
	directory := copied(t, "generated")
	root := filepath.Join(directory, "site")
	images := []Image{controlPlane(), worker()}
	request := Request{Targets: []Target{{Kind: "BareMetalHost"}}}
	_, err := read(t, Source{Kustomizations: []string{root}}).Point(t.Context(), images, request, Output{})
	require.ErrorContains(t, err, "BareMetalHost node01 is rendered from ")
	require.ErrorContains(t, err, "cannot be changed in place: what it is made of may make others, too; take the form patch, or directory")
	assert.Contains(t, err.Error(), filepath.Join("hosts", "filled", "template.yaml")+":", "where the host is written")

	out := filepath.Join(directory, "patches")
	changes, err := read(t, Source{Kustomizations: []string{root}}).Point(t.Context(), images, request, Output{Form: Patch, Directory: out})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	writeFile(t, filepath.Join(root, "kustomization.yaml"), "generators: [../hosts]\ncomponents: [../patches]\n")
	built, err := kustomization.Build(t.Context(), root, kustomization.Options{})
	require.NoError(t, err)
	require.Len(t, built.Documents, 3)
	for i, image := range []Image{controlPlane(), worker(), worker()} {
		assert.Equal(t, image.URL, built.Documents[i].Root.Get("spec", "image", "url").String())
	}

	whole := filepath.Join(directory, "whole")
	writeFile(t, filepath.Join(root, "kustomization.yaml"), "generators: [../hosts]\n")
	changes, err = read(t, Source{Kustomizations: []string{root}}).Point(t.Context(), images, request, Output{Form: Directory, Directory: whole})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	var texts []string
	for _, name := range []string{"node01", "node02", "node03"} {
		data, err := os.ReadFile(filepath.Join(whole, "baremetalhost-"+name+".yaml"))
		require.NoError(t, err)
		texts = append(texts, string(data))
	}
	golden(t, "generated.yaml", strings.Join(texts, "---\n"))
}

// Labels that an overlay gives select a host that is written in a file, which is edited.
func TestRenderedLabels(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "hosts.yaml")
	writeFile(t, file, "apiVersion: metal3.io/v1alpha1\nkind: BareMetalHost\nmetadata: {name: a}\nspec: {online: true}\n")
	writeFile(t, filepath.Join(directory, "kustomization.yaml"), "resources: [hosts.yaml]\nlabels: [{pairs: {airshipit.org/k8s-role: worker}}]\n")
	changes, err := read(t, Source{Documents: []string{file}, Kustomizations: []string{directory}}).Point(t.Context(), []Image{worker()},
		Request{Targets: []Target{{Kind: "BareMetalHost"}}}, Output{})
	require.NoError(t, err)
	require.Len(t, changes.Files, 1)
	assert.Equal(t, file, changes.Files[0].Name)
}

// A patch that names an image lies over its host, so it is what changes; and it says by null what its base must lose.
func TestPatchOverHost(t *testing.T) {
	directory := t.TempDir()
	writeFile(t, filepath.Join(directory, "kustomization.yaml"), "resources: [base.yaml]\npatches: [{path: over.yaml}]\n")
	writeFile(t, filepath.Join(directory, "base.yaml"), "apiVersion: metal3.io/v1alpha1\nkind: BareMetalHost\nmetadata: {name: a, labels: {airshipit.org/k8s-role: worker}}\n"+
		"spec: {online: true, image: {url: 'http://base', checksum: base, checksumType: md5}}\n")
	writeFile(t, filepath.Join(directory, "over.yaml"), "apiVersion: metal3.io/v1alpha1\nkind: BareMetalHost\nmetadata: {name: a}\nspec:\n  image:\n    url: http://over\n")
	changes, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{worker()}, Request{Targets: []Target{{Kind: "BareMetalHost"}}}, Output{})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	over, err := os.ReadFile(filepath.Join(directory, "over.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(over), "    checksum: null\n    checksumType: null\n")
	text := kustomized(t, directory)
	assert.Contains(t, text, worker().URL)
	assert.NotContains(t, text, "checksum")

	site := read(t, Source{Documents: []string{filepath.Join(directory, "over.yaml")}})
	require.True(t, slices.ContainsFunc(site.documents, func(d *document) bool { return d.patch }), "known from the kustomization beside it")
	_, err = site.Point(t.Context(), []Image{controlPlane()}, Request{Targets: []Target{{Kind: "BareMetalHost", Name: "a"}}}, Output{Form: Patch, Directory: t.TempDir()})
	require.ErrorContains(t, err, "is a patch itself")
}

// A patch changes no host of the same name in another namespace.
func TestPatchOfNamesakes(t *testing.T) {
	directory := t.TempDir()
	host := "apiVersion: metal3.io/v1alpha1\nkind: BareMetalHost\nmetadata: {name: a.b, namespace: %}\nspec: {online: true}\n"
	writeFile(t, filepath.Join(directory, "hosts.yaml"), strings.Replace(host, ", namespace: %", "", 1)+"---\n"+strings.Replace(host, "%", "lab", 1)+
		"---\n"+strings.Replace(strings.Replace(host, ", namespace: %", "", 1), "a.b", "axb", 1))
	for file, target := range map[string]Target{
		"without": {Kind: "BareMetalHost", Name: "a.b", File: "hosts.yaml", Namespace: ""},
		"with":    {Kind: "BareMetalHost", Name: "a.b", Namespace: "lab"},
	} {
		site := read(t, Source{Documents: []string{filepath.Join(directory, "hosts.yaml")}})
		if file == "without" {
			_, err := site.Point(t.Context(), []Image{worker()}, Request{Targets: []Target{target}}, Output{})
			require.ErrorContains(t, err, "there are 2 of them; choose by file or namespace")
			target.Namespace = "default"
		}
		out := filepath.Join(directory, "patches")
		require.NoError(t, os.RemoveAll(out))
		changes, err := site.Point(t.Context(), []Image{worker()}, Request{Targets: []Target{target}}, Output{Form: Patch, Directory: out})
		require.NoError(t, err)
		require.NoError(t, changes.Write())
		listed(t, directory, "components: [patches]\n")
		text := kustomized(t, directory)
		assert.Equal(t, 1, strings.Count(text, worker().URL))
		for document := range strings.SplitSeq(text, "---\n") {
			if strings.Contains(document, worker().URL) {
				assert.Contains(t, document, "name: a.b\n")
				assert.Equal(t, file == "with", strings.Contains(document, "namespace: lab"))
			}
		}
	}
}

// A directory with the operator's own kustomization is left alone.
func TestPatchesBesideKustomization(t *testing.T) {
	out := t.TempDir()
	writeFile(t, filepath.Join(out, "kustomization.yaml"), "resources: [x.yaml]\n")
	_, err := read(t, Source{Documents: []string{"testdata/site"}}).Point(t.Context(), []Image{controlPlane()},
		Request{Targets: []Target{{Kind: "BareMetalHost"}}}, Output{Form: Patch, Directory: out})
	require.ErrorContains(t, err, "is a kustomization of another kind than patches are written to; name another directory")
}
