//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Run(m)) }

// TestCluster builds from objects of a real API server, which refuses bad ones by the CRDs of docs/crds.
func TestCluster(t *testing.T) {
	server := clustertest.Start(t)
	server.ApplyDefinitions(t, filepath.Join("..", "docs", "crds"))
	server.Namespace(t, "site")
	documents, err := os.ReadFile("../example/fleet/documents/profiles.yaml")
	require.NoError(t, err)
	server.Create(t, "site", string(documents))
	for bad, want := range map[string]string{
		"{platform: moon}": "platform", "{sofware: {}}": "sofware",
		"{software: {packages: openssh-server}}": "packages", "{users: {user_management: [{shell: /bin/sh}]}}": "name",
	} {
		err := server.TryCreate(t.Context(), "site", "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: bad}\nspec: "+bad+"\n")
		require.Error(t, err, bad)
		assert.Contains(t, err.Error(), want)
	}

	r := newExampleOf(t, "cluster", sharedCache(t))
	variables := []string{"-var", "kubeconfig=" + server.Kubeconfig, "-var", "namespace=site", "-var", "isolation=namespace", "-var", "verify_boot=false"}
	assert.Contains(t, said(r.fails(t, "validate", append(variables, "-var", "profile=workr")...)),
		"no NodeProfile is named workr; did you mean worker?")
	r.build(t, append(variables, "-var", "profile=worker")...)
	assert.Equal(t, "worker\n", tool(t, "debugfs", "-R", "cat /etc/hostname", rawRoot(t, r.built(t)[0])))
}
