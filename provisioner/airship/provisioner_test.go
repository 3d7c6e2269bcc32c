package airship

import (
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
)

var _ packersdk.Provisioner = (*Provisioner)(nil)

func TestProvisionNeedsTheBuilder(t *testing.T) {
	const access = `{"socket":"absent.sock","keyFile":"absent.key","knownHost":""}`
	for name, c := range map[string]struct {
		generated map[string]any
		want      string
	}{
		"no communicator": {map[string]any{"ID": "i-0123"}, "the builder gives no way into its machine"},
		"no facts":        {map[string]any{osconfig.MachineKey: access}, "the builder gives no way into its machine"},
		"windows":         {map[string]any{"ConnType": "winrm"}, "the builder's machine is reached by WinRM"},
		"damaged facts":   {map[string]any{osconfig.MachineKey: access, osconfig.BuildKey: "{"}, "read the builder's AirshipBuild: "},
		"another profile": {
			map[string]any{osconfig.MachineKey: access, osconfig.BuildKey: `{"profileName": "control-plane", "profileDigest": "0a"}`},
			"the provisioner has the profile worker and the builder makes the image from control-plane; give both the same profile_yaml",
		},
		"another profile of the name": {
			map[string]any{osconfig.MachineKey: access, osconfig.BuildKey: `{"profileName": "worker", "profileDigest": "0a"}`},
			"the provisioner's profile worker is not the one that the builder makes the image from",
		},
		"a machine gone":  {map[string]any{osconfig.MachineKey: access, osconfig.BuildKey: "{}"}, "reach the builder's machine: "},
		"a wrong machine": {map[string]any{osconfig.MachineKey: "[]", osconfig.BuildKey: "{}"}, "read the builder's AirshipMachine: "},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := prepare(t, `documents = ["testdata"]`+"\n"+`profile_name = "worker"`)
			require.NoError(t, err)
			err = p.Provision(t.Context(), packersdk.TestUi(t), nil, c.generated)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The builder's profile came through profile_yaml, the provisioner's from documents.
func TestProvisionAcceptsTheBuildersProfile(t *testing.T) {
	p, err := prepare(t, `documents = ["testdata"]`+"\n"+`profile_name = "worker"`)
	require.NoError(t, err)
	text, err := p.config.profile.SourcedYAML()
	require.NoError(t, err)
	parsed, err := document.Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	digest, err := osconfig.ProfileDigest(parsed)
	require.NoError(t, err)
	require.NoError(t, sameProfile(p.config.profile, osconfig.Facts{ProfileName: "worker", ProfileDigest: digest}))
}

func TestProvisionNeedsAProfile(t *testing.T) {
	p, err := prepare(t, `profile_yaml = ""`)
	require.NoError(t, err)
	err = p.Provision(t.Context(), packersdk.TestUi(t), nil, map[string]any{osconfig.MachineKey: "{}", osconfig.BuildKey: "{}"})
	require.EqualError(t, err, "the profile is empty: profile_yaml or documents has no value")
}
