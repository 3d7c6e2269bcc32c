package airship

import (
	"testing"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// prepare decodes options as Packer does: HCL by ConfigSpec to a cty value, unknown ones replaced.
func prepare(t *testing.T, options string) (*Provisioner, error) {
	t.Helper()
	file, diagnostics := hclparse.NewParser().ParseHCL([]byte(options), "test.pkr.hcl")
	require.False(t, diagnostics.HasErrors(), diagnostics)
	p := &Provisioner{}
	value, diagnostics := hcldec.Decode(file.Body, p.ConfigSpec(), nil)
	require.False(t, diagnostics.HasErrors(), diagnostics)
	return p, p.Prepare(value)
}

func TestPrepare(t *testing.T) {
	const resolved = `profile_yaml = <<-EOT
	apiVersion: airshipit.org/v1alpha1
	kind: NodeProfile
	metadata: {name: inline}
	spec: {}
	EOT
	`
	for name, c := range map[string]struct {
		options string
		profile string // empty: not known yet
		err     string
	}{
		"resolved":          {options: resolved, profile: "inline"},
		"documents":         {options: `documents = ["testdata"]` + "\n" + `profile_name = "worker"`, profile: "worker"},
		"unknown yaml":      {options: `profile_yaml = "<unknown>"`},
		"unknown documents": {options: `documents = []`},
		"unknown name":      {options: `documents = ["testdata"]` + "\n" + `profile_name = "<unknown>"`},
		"empty yaml":        {options: `profile_yaml = ""`},
		"nothing":           {options: ``, err: "the profile is missing: give profile_yaml"},
		"both":              {options: resolved + `documents = ["testdata"]`, err: "profile_yaml and documents are both there; give one"},
		"name of yaml":      {options: resolved + `profile_name = "inline"`, err: "profile_name and image_name choose among documents"},
		"several, no name":  {options: `documents = ["testdata"]`, err: "hold 2 NodeProfiles and none is chosen by name"},
		"no such name":      {options: `documents = ["testdata"]` + "\n" + `profile_name = "wroker"`, err: "worker"},
		"no such file":      {options: `documents = ["absent.yaml"]`, err: "absent.yaml: there is no such file"},
		"wrong in the yaml": {options: `profile_yaml = "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: a}\nspec: {sofware: {}}"`, err: "profile_yaml:4:8: spec.sofware"},
		"not interpolated":  {options: `profile_yaml = "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: a}\nspec: {osKernel: {sysctl: [{name: kernel.panic, value: '{{ isotime }}'}]}}"`, err: "unknown variable isotime"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := prepare(t, c.options)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			if c.profile == "" {
				assert.Nil(t, p.config.profile)
				return
			}
			require.NotNil(t, p.config.profile)
			assert.Equal(t, c.profile, p.config.profile.NodeProfile.Name)
		})
	}
}

func TestPreparePlays(t *testing.T) {
	const node = "documents = [\"testdata\"]\nprofile_name = \"worker\"\n"
	p, err := prepare(t, node+`playbook_files = ["./testdata/profile.yaml", "<unknown>"]`+"\n"+`extra_vars = "{\"site\": \"one\"}"`+"\n"+`skip_roles = ["finalise"]`)
	require.NoError(t, err)
	assert.Equal(t, []string{"testdata/profile.yaml"}, p.config.plays.After)
	assert.True(t, p.config.skips("finalise"))

	// All mistakes at once.
	_, err = prepare(t, node+`playbook_files_before = ["absent.yml"]
		roles_path = ["testdata/profile.yaml"]
		extra_vars = "[1]"
		skip_roles = ["osconfg"]
		isolation = "docker"
		ca_bundle = "absent.pem"
	`)
	for _, want := range []string{
		"playbook_files_before: absent.yml: there is no such file",
		"roles_path: testdata/profile.yaml is not a directory",
		"extra_vars: want a mapping as JSON or YAML",
		`skip_roles: unknown role "osconfg"; did you mean osconfig?`,
		`isolation is "docker": want one of`,
		"ca_bundle: ",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = prepare(t, node+`extra_vars = "sysctl: []\nansible_host: a\n"`)
	require.ErrorContains(t, err, "extra_vars.sysctl: is one of Airship's variables; write it as spec.osKernel.sysctl")
	require.ErrorContains(t, err, "extra_vars.ansible_host: names that begin with ansible_ belong to Ansible itself")
}

func TestPrepareAcceptsCoreVariables(t *testing.T) {
	p := &Provisioner{}
	require.NoError(t, p.Prepare(
		cty.ObjectVal(map[string]cty.Value{"profile_yaml": cty.StringVal("<unknown>")}),
		map[string]any{"packer_build_name": "node", "packer_builder_type": "airship"},
	))
}
