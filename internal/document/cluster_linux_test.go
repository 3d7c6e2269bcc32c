package document

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/cluster"
	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

// Documents of a cluster are like any others; what they name is fetched from it, and messages name the
// objects, which have no lines.
func TestCluster(t *testing.T) {
	s := clustertest.Start(t)
	s.ApplyDefinitions(t, "../../docs/crds")
	const namespace = "site-document"
	s.Namespace(t, namespace)
	s.Create(t, namespace, strings.TrimSuffix(catalogues+profileText("node", `
  platform: vm
  valuesFrom:
    - {kind: VersionsCatalogue, name: versions, fieldPath: spec.kubernetes, targetPath: software.k8s_version}
    - {kind: ConfigMap, name: settings, fieldPath: data.timeout, targetPath: osKernel.grub.GRUB_TIMEOUT}
    - {kind: Secret, name: keys, fieldPath: data.token, targetPath: extraVars.token}`)+
		imageText("image", "{nodeProfileRef: {name: node}}"), "---\n"))
	config := &cluster.Config{Kubeconfig: clustertest.Write(t, s.Admin(t)), Namespace: namespace}
	source := Source{Cluster: config}
	p, err := one(chooseAll(t, source, Selection{}))
	require.NoError(t, err)
	assert.Equal(t, "image", p.Image.Name)
	assert.Equal(t, "1.30.1-1.1", p.NodeProfile.Spec.Software.K8sVersion)
	assert.Equal(t, 30, *p.NodeProfile.Spec.OSKernel.Grub.Timeout)
	assert.Equal(t, "hunter22hunter22", p.NodeProfile.Spec.ExtraVars["token"])

	text, err := p.SourcedYAML()
	require.NoError(t, err)
	assert.NotContains(t, text, "hunter2")
	again, err := Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, p.NodeProfile, again.NodeProfile)

	source.Overrides = "networking: {hostname: a_b}"
	set, err := source.Read(t.Context())
	require.NoError(t, err)
	_, err = set.Select(Selection{})
	assert.ErrorContains(t, err, "overrides:1:24: spec.networking.hostname: a_b is not a host name")

	// What an IsoConfiguration selects is fetched, too.
	s.Create(t, namespace, `apiVersion: airshipit.org/v1alpha1
kind: IsoConfiguration
metadata: {name: iso}
nodeProfileRef: {name: node}
builder:
  userDataSelector: {kind: Secret, name: keys}
  userDataKey: user-data
`)
	p, err = one(chooseAll(t, Source{Cluster: config}, Selection{Image: "iso"}))
	require.NoError(t, err)
	assert.Equal(t, "#cloud-config\npassword: hunter2222\n", p.NodeProfile.Spec.CloudInit.UserData)
	text, err = p.SourcedYAML()
	require.NoError(t, err)
	assert.NotContains(t, text, "hunter2")

	file := write(t, profileText("other", `{extends: [node], valuesFrom: [{kind: Secret, name: kees, fieldPath: data.token, targetPath: suite}]}`))
	_, err = Source{Documents: []string{file}, Cluster: config}.Read(t.Context())
	assert.ErrorContains(t, err, "there is no Secret kees among the documents or in the cluster")
}
