package variables_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

func TestCheckExtraVars(t *testing.T) {
	require.NoError(t, variables.CheckExtraVars(nil))
	require.NoError(t, variables.CheckExtraVars(v1alpha1.Object{"site_ntp": 1, "_x9": true, "hostname": "own plays may"}))

	clashes := v1alpha1.Object{
		"sysctl": nil, "rootfs_arch": "", "repos_append": nil, "src": "", "airship_any": "", "airship_profile": "",
		"osconfig_run_contexts": nil, "ansible_connection": "", "site-ntp": "", "9a": "",
	}
	var got []string
	for _, m := range mistake.All(variables.CheckExtraVars(clashes)) {
		got = append(got, m.Error())
	}
	assert.Equal(t, []string{
		"spec.extraVars.9a: Ansible takes letters, digits and _ in the name of a variable, and no digit first",
		"spec.extraVars.airship_any: names that begin with airship_ belong to the fields of a NodeProfile; take another name",
		"spec.extraVars.airship_profile: names that begin with airship_ belong to the fields of a NodeProfile; take another name",
		"spec.extraVars.ansible_connection: names that begin with ansible_ belong to Ansible itself; take another name",
		"spec.extraVars.osconfig_run_contexts: names that begin with osconfig_ belong to the role osconfig; take another name",
		"spec.extraVars.repos_append: is one of Airship's variables; write it as spec.software.repos_append",
		"spec.extraVars.rootfs_arch: is one of Airship's variables; write it as spec.architecture",
		"spec.extraVars.site-ntp: Ansible takes letters, digits and _ in the name of a variable, and no digit first",
		"spec.extraVars.src: is a variable of Airship's own build container, which is not used here; take another name",
		"spec.extraVars.sysctl: is one of Airship's variables; write it as spec.osKernel.sysctl",
	}, got)

	var profile v1alpha1.NodeProfile
	profile.Spec.ExtraVars = clashes
	_, err := variables.Render(profile)
	assert.Len(t, mistake.All(err), len(clashes), "Render lets an extra variable take the place of another")
}
