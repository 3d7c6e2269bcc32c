package site

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

// resources are the documents of testdata/site as a KRM function gets them.
func resources(t *testing.T) []*kyaml.RNode {
	t.Helper()
	nodes, err := kio.LocalPackageReader{PackagePath: "testdata/site"}.Read()
	require.NoError(t, err)
	return nodes
}

func printed(t *testing.T, nodes []*kyaml.RNode) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, kio.ByteWriter{Writer: &out, ClearAnnotations: []string{"config.kubernetes.io/path", "config.kubernetes.io/index"}}.Write(nodes))
	return out.String()
}

// Documents in memory become what the files do.
func TestUpdate(t *testing.T) {
	nodes := resources(t)
	images := []Image{controlPlane(), worker(), ephemeral()}
	updated, err := Update(nodes, images, everything())
	require.NoError(t, err)
	require.Len(t, updated.Added, 1)
	assert.Equal(t, "ephemeral", updated.Added[0].GetName())
	golden(t, "updated.yaml", printed(t, nodes))

	directory := copied(t, "site")
	changes := decided(t, directory, Output{Directory: t.TempDir()})
	require.NoError(t, changes.Write())
	edited, err := kio.LocalPackageReader{PackagePath: directory}.Read()
	require.NoError(t, err)
	require.Len(t, edited, len(nodes))
	for i := range nodes {
		assert.True(t, alike(edited[i].YNode(), nodes[i].YNode()), nodes[i].GetName())
	}

	again, err := Update(nodes, images, everything())
	require.NoError(t, err)
	for _, done := range again.Done {
		assert.False(t, done.Changed, done)
	}
}

// With a mistake in one document none changes, and it is told by the file that the document is from.
func TestUpdateChangesAllOrNone(t *testing.T) {
	nodes := resources(t)
	before := printed(t, nodes)
	request := everything()
	request.Targets = append(request.Targets, Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.disk", Image: "worker"}, Target{Kind: "BareMetalHost", Name: "node08", Image: "worker"})
	_, err := Update(nodes, []Image{controlPlane(), worker(), ephemeral()}, request)
	require.ErrorContains(t, err, "catalogues/variables.yaml: spec: VariableCatalogue images has no image at spec.disk: spec has no field disk; did you mean disks?")
	request.Targets = request.Targets[len(request.Targets)-1:]
	_, err = Update(nodes, []Image{controlPlane(), worker(), ephemeral()}, request)
	require.ErrorContains(t, err, "catalogues/variables.yaml: hosts.m3.node08: BareMetalHost node08 is made of this entry by a template, and the entry has no image; run this function after the template")
	_, err = Update(nodes, nil, request)
	require.Error(t, err)
	assert.Equal(t, before, printed(t, nodes))
}

func TestUpdateRefusesEncrypted(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "host.yaml"), sopstest.NewKey(t).Encrypt(t, secretHost, "--unencrypted-regex", openFields), 0o644))
	nodes, err := kio.LocalPackageReader{PackagePath: directory}.Read()
	require.NoError(t, err)
	_, err = Update(nodes, []Image{worker()}, Request{Targets: []Target{{Kind: "BareMetalHost"}}})
	require.ErrorContains(t, err, "host.yaml: BareMetalHost node01 is encrypted by sops, which covers all values; change its file instead")
}
