package osconfig

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// A live system's /etc/hosts has the name that the builder gives it, and what only a disk has is not run.
func TestVariablesOfAnISO(t *testing.T) {
	profile := v1alpha1.NodeProfile{}
	profile.Name = "seed"
	profile.Spec.CloudInit.UserData = "#cloud-config\n{}\n"
	profile.Spec.Files.QcowContainerRuntimeScripts = []v1alpha1.Script{{FileContent: "true\n"}}
	text, err := VarsYAML(profile, v1alpha1.ActionBuildISO, nil)
	require.NoError(t, err)
	assert.Contains(t, string(text), "airship_hostname: ephemeral\n")
	assert.NotContains(t, string(text), "cloud-config")
	assert.NotContains(t, string(text), "qcow_container_runtime_scripts")

	profile.Spec.Networking.Hostname = "first"
	text, err = VarsYAML(profile, v1alpha1.ActionBuildISO, nil)
	require.NoError(t, err)
	assert.Contains(t, string(text), "airship_hostname: first\n")
	text, err = VarsYAML(profile, "", nil)
	require.NoError(t, err)
	assert.Contains(t, string(text), "cloud-config")
}
