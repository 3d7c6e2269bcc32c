package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

// published is an AirshipImage as it is after its publication.
func published(action string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "airshipit.org/v1alpha1", "kind": "AirshipImage",
		"metadata": map[string]any{"name": "worker-image"},
		"spec": map[string]any{
			"nodeProfileRef": map[string]any{"name": "worker"},
			"builder":        map[string]any{"action": action},
		},
		"status": map[string]any{"url": "oci://registry.example.org/worker:1", "checksum": "aa"},
	}}
}

func TestApply(t *testing.T) {
	s, namespace := site(t)
	c := connected(t, s.Admin(t), namespace)

	where, err := c.Apply(t.Context(), published("build-qcow"), ApplyOptions{DryRun: true})
	require.NoError(t, err)
	assert.Contains(t, where, "AirshipImage "+namespace+"/worker-image in context admin")
	_, err = c.Get(t.Context(), airshipImage, "", "worker-image")
	require.ErrorIs(t, err, ErrAbsent, "a dry run made it")

	for range 2 {
		_, err = c.Apply(t.Context(), published("build-qcow"), ApplyOptions{})
		require.NoError(t, err)
	}
	object := s.Get(t, airshipImage, namespace, "worker-image")
	status, _, _ := unstructured.NestedString(object.Object, "status", "url")
	assert.Equal(t, "oci://registry.example.org/worker:1", status)
	profile, _, _ := unstructured.NestedString(object.Object, "spec", "nodeProfileRef", "name")
	assert.Equal(t, "worker", profile)
	for _, m := range object.GetManagedFields() {
		assert.Equal(t, FieldManager, m.Manager)
	}
}

func TestApplyKeepsWhatOthersSet(t *testing.T) {
	s, namespace := site(t)
	c := connected(t, s.Admin(t), namespace)
	s.Create(t, namespace, `
apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata: {name: worker-image, labels: {site: one}}
spec: {builder: {action: build-iso, outputFileName: worker.iso}}
`)
	_, err := c.Apply(t.Context(), published("build-qcow"), ApplyOptions{})
	require.ErrorContains(t, err, `spec.builder.action: conflict with "cluster.test"`)
	require.ErrorContains(t, err, "force takes these fields over")

	_, err = c.Apply(t.Context(), published("build-qcow"), ApplyOptions{Force: true})
	require.NoError(t, err)
	object := s.Get(t, airshipImage, namespace, "worker-image")
	assert.Equal(t, map[string]string{"site": "one"}, object.GetLabels())
	builder, _, _ := unstructured.NestedStringMap(object.Object, "spec", "builder")
	assert.Equal(t, map[string]string{"action": "build-qcow", "outputFileName": "worker.iso"}, builder)
}

func TestApplyRefusals(t *testing.T) {
	s, namespace := site(t)
	reader := s.User(t, "applier", namespace,
		clustertest.Rule{Group: "airshipit.org", Verbs: []string{"list", "create", "patch"}, Resources: []string{"airshipimages"}})
	c := connected(t, reader, namespace)
	_, err := c.Apply(t.Context(), published("build-qcow"), ApplyOptions{})
	require.ErrorContains(t, err, "user applier may not patch airshipimages/status")
	require.ErrorContains(t, err, "resources: [airshipimages/status]")

	c = connected(t, s.Admin(t), namespace)
	_, err = c.Apply(t.Context(), published("build-everything"), ApplyOptions{})
	require.ErrorContains(t, err, `Unsupported value: "build-everything"`)

	other := published("build-qcow")
	other.SetKind("Inexistent")
	_, err = c.Apply(t.Context(), other, ApplyOptions{})
	require.ErrorContains(t, err, "is not installed there: apply the plugin's docs/crds first")

	c.Namespace = AllNamespaces
	_, err = c.Apply(t.Context(), published("build-qcow"), ApplyOptions{})
	require.ErrorContains(t, err, "name its namespace")
}
