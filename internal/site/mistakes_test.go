package site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Each request is refused with all that is wrong, and nothing is decided.
func TestMistakes(t *testing.T) {
	other := worker()
	other.ImageName, other.Profile, other.HostLabels = "storage", "storage", map[string]string{"airshipit.org/k8s-role": "worker"}
	slip := worker()
	slip.HostLabels = map[string]string{"airshipit.org/k8s-role": "wroker"}
	unlabelled := worker()
	unlabelled.HostLabels = nil
	overHTTP := worker()
	overHTTP.URL, overHTTP.Format = "http://images/worker.raw.zst", "raw.zst"
	isoByTag := ephemeral()
	isoByTag.URL = "oci://registry.example.org/ephemeral:2"
	arm := controlPlane()
	arm.Architecture = "arm64"
	all := []Image{controlPlane(), worker(), ephemeral()}
	target := func(targets ...Target) Request { return Request{Targets: targets} }
	hosts := Target{Kind: "BareMetalHost"}

	var out strings.Builder
	for _, c := range []struct {
		name    string
		images  []Image
		request Request
		output  Output
	}{
		{"no image", nil, target(hosts), Output{}},
		{"images that are not stored", []Image{
			{},
			{ImageName: "a", URL: "ftp://x/y", SHA256: "AB", SHA512: "cd", Size: -1, Format: "raw"},
			{ImageName: "b", URL: "http://user:hunter2@host/x", SHA256: digits("A", 64), Size: 1, Format: "raw"},
			{ImageName: "c", URL: "https://host", SHA256: digits("1", 64), Size: 1, Format: "raw"},
			{ImageName: "d", URL: "http://host/a b", SHA256: digits("1", 64), Size: 1, Format: "raw"},
		}, target(hosts), Output{}},
		{"no target", all, Request{}, Output{}},
		{"targets without sense", all, target(
			Target{}, Target{Kind: "BareMetalHosts"}, Target{Kind: "ConfigMap", Name: "x"}, Target{Kind: "VariableCatalogue", Name: "x"},
			Target{Kind: "VersionsCatalogue"}, Target{Kind: "VersionsCatalogue", Name: "x", Value: "sum"}), Output{Form: "inplace"}},
		{"no directory", all, target(hosts), Output{Form: Patch}},
		{"names with a slip", all, target(
			Target{Kind: "VersionsCatalogue", Name: "versions-airshipclt", Image: "control-plane"},
			Target{Kind: "BareMetalHost", Name: "node91", Image: "control-plane"},
			Target{Kind: "BareMetalHost", Name: "node01", Image: "contrl-plane"},
			Target{Kind: "BareMetalHost", Name: "node03", Namespace: "live", Image: "worker"},
			Target{Kind: "BareMetalHost", Name: "node01", File: "other.yaml", Image: "worker"},
			Target{Kind: "VariableCatalog", Name: "images", Path: "a", Image: "worker"},
			Target{Kind: "VersionsCatalogue", Name: "versions-airshipctl"},
			Target{Kind: "VersionsCatalogue", Name: "versions-airshipctl", Format: "qcow"}), Output{}},
		{"paths that are missing", all, target(
			Target{Kind: "VersionsCatalogue", Name: "versions-airshipctl", Path: "spec.files.k8scontrl.image", Image: "control-plane"},
			Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks[name=wroker].image", Image: "worker"},
			Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks[7]", Image: "worker"},
			Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks", Image: "worker"},
			Target{Kind: "VariableCatalogue", Name: "images", Path: "spec..disks", Image: "worker"},
			Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks[name=worker].image", Image: "control-plane", Checksum: "md5"},
			Target{Kind: "BaremetalManager", Name: "RemoteDirectEphemeral", Image: "worker"}), Output{}},
		{"a label with a slip", []Image{slip}, target(hosts), Output{}},
		{"no labels", []Image{unlabelled}, target(hosts), Output{}},
		{"one host for two images", []Image{worker(), other}, target(hosts), Output{}},
		{"two values for one place", all, target(
			Target{Kind: "BareMetalHost", Name: "node01", Image: "control-plane"}, Target{Kind: "BareMetalHost", Name: "node01", Image: "worker"}), Output{}},
		{"what metal3 does not take", []Image{overHTTP}, target(hosts, Target{Kind: "Metal3MachineTemplate"}), Output{}},
		{"an ISO by a tag", []Image{isoByTag}, target(Target{Kind: "BareMetalHost", Name: "node02"}, Target{Kind: "BaremetalManager", Name: "RemoteDirectEphemeral"}), Output{}},
		{"oci for an old machine template", all, target(Target{Kind: "Metal3MachineTemplate", Name: "cluster-controlplane", Image: "worker"}), Output{}},
		{"another processor", []Image{arm}, target(Target{Kind: "BareMetalHost", Name: "node04"}), Output{}},
		{"a host that a template makes", all, target(Target{Kind: "BareMetalHost", Name: "node08", Image: "worker"}), Output{}},
		{"an AirshipImage that is nowhere", all, Request{Status: true}, Output{}},
		{"two of a name", all, target(Target{Kind: "VersionsCatalogue", Name: "twice", Image: "worker"}), Output{}},
		{"aliases", all, target(Target{Kind: "BareMetalHost", Name: "aliased", Image: "worker"}), Output{}},
	} {
		directory := copied(t, "site")
		require.NoError(t, os.WriteFile(filepath.Join(directory, "more.yaml"), []byte(more), 0o644))
		changes, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), c.images, c.request, c.output)
		require.Error(t, err, c.name)
		assert.Nil(t, changes)
		fmt.Fprintf(&out, "# %s\n%s\n", c.name, shown(err.Error(), directory))
	}
	assert.NotContains(t, out.String(), "hunter2")
	golden(t, "mistakes.txt", out.String())
}

const more = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node04}
spec:
  architecture: x86_64
---
apiVersion: airshipit.org/v1alpha1
kind: VersionsCatalogue
metadata: {name: twice}
---
apiVersion: airshipit.org/v1alpha1
kind: VersionsCatalogue
metadata: {name: twice}
---
apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: aliased}
other: &image {url: x}
spec: {image: *image}
`

func TestReadMistakes(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(directory, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		return file
	}
	broken := write("some/broken.yaml", "a: [\n")
	write("empty/readme.txt", "")
	write("generated/kustomization.yaml", "resources: [nowhere.yaml]\n")
	_, err := Read(t.Context(), Source{
		Documents:      []string{"", filepath.Join(directory, "none"), filepath.Join(directory, "*.none"), filepath.Join(directory, "empty"), broken},
		Kustomizations: []string{filepath.Join(directory, "generated")},
	})
	require.Error(t, err)
	golden(t, "read.txt", shown(err.Error(), directory)+"\n")
	_, err = Read(t.Context(), Source{})
	require.EqualError(t, err, "no documents are named; want files, directories or globs")

	// In a directory such a file is another program's, unless something is missing.
	host := write("some/host.yaml", "apiVersion: metal3.io/v1alpha1\nkind: BareMetalHost\nmetadata: {name: a}\nspec: {}\n")
	site := read(t, Source{Documents: []string{filepath.Join(directory, "some")}})
	changes, err := site.Point(t.Context(), []Image{worker()}, Request{Targets: []Target{{Kind: "BareMetalHost", Name: "a"}}}, Output{})
	require.NoError(t, err)
	assert.Equal(t, host, changes.Files[0].Name)
	_, err = site.Point(t.Context(), []Image{worker()}, Request{Targets: []Target{{Kind: "BareMetalHost", Name: "b"}}}, Output{})
	require.ErrorContains(t, err, "BareMetalHost b: no BareMetalHost has this name; known: a")
	require.ErrorContains(t, err, broken+":")
}

// What a replacement fills in is told: airshipctl's executors come with REPLACE_ME.
func TestPlaceholder(t *testing.T) {
	directory := copied(t, "site")
	changes, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{ephemeral()},
		Request{Targets: []Target{{Kind: "BaremetalManager", Name: "Filled"}}}, Output{})
	require.NoError(t, err)
	require.Len(t, changes.Warnings, 1)
	assert.Contains(t, changes.Warnings[0], "executors.yaml:26: spec.operationOptions.remoteDirect.isoURL: held REPLACE_ME, which a replacement seems to fill in")
}

// A root filesystem's labels select no host.
func TestRootIsForNoHost(t *testing.T) {
	root := worker()
	root.ImageName, root.Action, root.Format = "root", v1alpha1.ActionBuildRoot, "tar.zst"
	changes, err := read(t, Source{Documents: []string{"testdata/site"}}).Point(t.Context(), []Image{root, worker()}, Request{Targets: []Target{{Kind: "BareMetalHost"}}}, Output{})
	require.NoError(t, err)
	for _, done := range changes.Done {
		assert.Equal(t, "worker", done.Image)
	}
}
