package cluster

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

var (
	nodeProfile       = schema.GroupVersionKind{Group: "airshipit.org", Version: "v1alpha1", Kind: "NodeProfile"}
	airshipImage      = schema.GroupVersionKind{Group: "airshipit.org", Version: "v1alpha1", Kind: "AirshipImage"}
	variableCatalogue = schema.GroupVersionKind{Group: "airshipit.org", Version: "v1alpha1", Kind: "VariableCatalogue"}
	inexistent        = schema.GroupVersionKind{Group: "airshipit.org", Version: "v1alpha1", Kind: "Inexistent"}
	bareMetalHost     = schema.GroupVersionKind{Group: "metal3.io", Version: "v1alpha1", Kind: "BareMetalHost"}
	secret            = schema.GroupVersionKind{Version: "v1", Kind: "Secret"}
	configMap         = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}

	definitions = "../../docs/crds"

	kinds = []schema.GroupVersionKind{nodeProfile, airshipImage, variableCatalogue, bareMetalHost}
)

// site is a server with the definitions, and a new namespace on it.
func site(t *testing.T) (s *clustertest.Server, namespace string) {
	t.Helper()
	s = clustertest.Start(t)
	s.ApplyDefinitions(t, definitions)
	s.ApplyDefinitions(t, "testdata/metal3")
	namespace = "site-" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-", "#", "-").Replace(t.Name()))
	s.Namespace(t, namespace)
	return s, namespace
}

func connected(t *testing.T, config *clientcmdapi.Config, namespace string) *Connection {
	t.Helper()
	c, err := Connect(t.Context(), Config{Kubeconfig: clustertest.Write(t, config), Namespace: namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func places(found *Found) []string {
	var all []string
	for _, o := range found.Objects {
		all = append(all, o.Place)
	}
	return all
}

func TestReadGivesWhatAnOperatorApplied(t *testing.T) {
	s, namespace := site(t)
	text, err := os.ReadFile("testdata/documents.yaml")
	require.NoError(t, err)
	s.Create(t, namespace, string(text))
	s.SetStatus(t, airshipImage, namespace, "worker-image", map[string]any{"url": "https://images.example.org/worker.qcow2"})

	found, err := connected(t, s.Admin(t), namespace).Read(t.Context(), append(kinds, inexistent))
	require.NoError(t, err)
	assert.Empty(t, found.Warnings)
	assert.Equal(t, "admin", found.Context)
	assert.Equal(t, namespace, found.Namespace)
	var got strings.Builder
	for _, o := range found.Objects {
		fmt.Fprintf(&got, "---\n# %s\n%s", o.Place, o.Text)
	}
	golden(t, "read.yaml", strings.ReplaceAll(got.String(), namespace, "NAMESPACE"))
}

func TestReadOfNamespaces(t *testing.T) {
	s, one := site(t)
	two := one + "-two"
	s.Namespace(t, two)
	for _, namespace := range []string{one, two} {
		s.Create(t, namespace, profile("worker", ""))
	}
	user := s.Admin(t)
	user.Contexts["admin"].Namespace = two

	found, err := connected(t, user, "").Read(t.Context(), kinds)
	require.NoError(t, err)
	assert.Equal(t, []string{"NodeProfile " + two + "/worker in context admin"}, places(found), "the context's namespace")

	found, err = connected(t, user, one).Read(t.Context(), kinds)
	require.NoError(t, err)
	assert.Equal(t, []string{"NodeProfile " + one + "/worker in context admin"}, places(found))

	found, err = connected(t, user, AllNamespaces).Read(t.Context(), kinds)
	require.NoError(t, err)
	assert.Subset(t, places(found), []string{"NodeProfile " + one + "/worker in context admin", "NodeProfile " + two + "/worker in context admin"})
}

func TestReadFollowsPages(t *testing.T) {
	s, namespace := site(t)
	var want []string
	for i := range 5 {
		name := fmt.Sprintf("worker-%d", i)
		s.Create(t, namespace, profile(name, ""))
		want = append(want, fmt.Sprintf("NodeProfile %s/%s in context admin", namespace, name))
	}
	c := connected(t, s.Admin(t), namespace)
	c.limits.page = 2
	found, err := c.Read(t.Context(), kinds)
	require.NoError(t, err)
	assert.Equal(t, want, places(found))
}

func TestReadIsBounded(t *testing.T) {
	s, namespace := site(t)
	for i := range 3 {
		s.Create(t, namespace, profile(fmt.Sprintf("worker-%d", i), strings.Repeat("x", 4000)))
	}
	for name, c := range map[string]struct {
		most limits
		want string
	}{
		"bytes":   {limits{bytes: 8 << 10, objects: 9, text: 1 << 20, page: 9}, "the documents there are more than 0 MiB: name a namespace"},
		"objects": {limits{bytes: 1 << 20, objects: 2, text: 1 << 20, page: 9}, "there are more than 2 documents: name a namespace"},
		"text":    {limits{bytes: 1 << 20, objects: 9, text: 2048, page: 9}, "NodeProfile " + namespace + "/worker-2 in context admin has 4 KiB; a document may have 2"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := connect(t.Context(), Config{Kubeconfig: s.Kubeconfig, Namespace: namespace}, defaultPatience, c.most)
			require.NoError(t, err)
			defer conn.Close()
			_, err = conn.Read(t.Context(), []schema.GroupVersionKind{nodeProfile})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestReadOfNothing(t *testing.T) {
	s := clustertest.StartAnother(t)
	c := connected(t, s.Admin(t), "default")
	found, err := c.Read(t.Context(), kinds)
	require.NoError(t, err)
	assert.Empty(t, found.Objects)
	assert.Equal(t, []string{s.Address + " (context admin of " + c.target.file + ") has none of the kinds NodeProfile, AirshipImage, VariableCatalogue: " +
		"no documents can be there until their CustomResourceDefinitions are applied (docs/crds has them)"}, found.Warnings)

	s.ApplyDefinitions(t, definitions)
	c = connected(t, s.Admin(t), "default")
	found, err = c.Read(t.Context(), append(kinds, inexistent))
	require.NoError(t, err)
	assert.Equal(t, []string{"no documents in namespace default of " + s.Address + " (context admin of " + c.target.file +
		"); the kinds Inexistent are not installed there (docs/crds has their CustomResourceDefinitions)"}, found.Warnings)

	_, err = connected(t, s.Admin(t), "defalt").Read(t.Context(), kinds)
	require.ErrorContains(t, err, `there is no namespace "defalt"; did you mean default?`)
}

func TestReadListsNoSecrets(t *testing.T) {
	s, namespace := site(t)
	_, err := connected(t, s.Admin(t), namespace).Read(t.Context(), []schema.GroupVersionKind{secret})
	require.EqualError(t, err, "Secret objects are got by name, not listed")
}

func TestGet(t *testing.T) {
	s, namespace := site(t)
	s.Create(t, namespace, "apiVersion: v1\nkind: Secret\nmetadata: {name: user-data}\nstringData: {userData: hello}\n"+
		"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: network}\ndata: {mtu: \"9000\"}\n")
	c := connected(t, s.Admin(t), namespace)

	got, err := c.Get(t.Context(), secret, "", "user-data")
	require.NoError(t, err)
	assert.Equal(t, "Secret "+namespace+"/user-data in context admin", got.Place)
	assert.Equal(t, "apiVersion: v1\ndata:\n  userData: aGVsbG8=\nkind: Secret\nmetadata:\n  name: user-data\n  namespace: "+namespace+"\ntype: Opaque\n", string(got.Text))

	got, err = c.Get(t.Context(), configMap, namespace, "network")
	require.NoError(t, err)
	assert.Contains(t, string(got.Text), "  mtu: \"9000\"\n")

	_, err = c.Get(t.Context(), secret, "", "userdata")
	require.ErrorIs(t, err, ErrAbsent)
	require.ErrorContains(t, err, "Secret "+namespace+"/userdata does not exist")
	_, err = c.Get(t.Context(), inexistent, "", "x")
	require.ErrorIs(t, err, ErrAbsent)
	require.ErrorContains(t, err, "the kind is not installed there")

	_, err = connected(t, s.Admin(t), AllNamespaces).Get(t.Context(), secret, "", "user-data")
	require.EqualError(t, err, "Secret user-data: name its namespace, as documents of all are read")
}

// A definition's schema is the server's: what it refuses is told.
func TestServerRefusesBadDocuments(t *testing.T) {
	s, namespace := site(t)
	err := s.TryCreate(t.Context(), namespace, strings.Replace(profile("worker", ""), "baremetal", "cloud", 1))
	require.ErrorContains(t, err, `NodeProfile worker: NodeProfile.airshipit.org "worker" is invalid: spec.platform: Unsupported value: "cloud"`)
	err = s.TryCreate(t.Context(), namespace, strings.Replace(profile("worker", ""), "platform", "plattform", 1))
	require.ErrorContains(t, err, `unknown field "spec.plattform"`)
}

func profile(name, note string) string {
	return fmt.Sprintf("apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: %s}\nspec: {platform: baremetal, extraVars: {note: %q}}\n", name, note)
}
