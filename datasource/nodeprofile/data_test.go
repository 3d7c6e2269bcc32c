package nodeprofile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

// configure decodes a block's body as Packer does and hands it to the data source.
func configure(t *testing.T, body string) (*Datasource, error) {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(body), "site.pkr.hcl", hcl.InitialPos)
	require.False(t, diags.HasErrors(), diags)
	d := &Datasource{}
	value, diags := hcldec.Decode(file.Body, d.ConfigSpec(), nil)
	require.False(t, diags.HasErrors(), diags)
	return d, d.Configure(value)
}

func TestExecute(t *testing.T) {
	d, err := configure(t, `
		documents = ["testdata/site.yaml"]
		name      = "control-plane"
	`)
	require.NoError(t, err)
	output, err := d.Execute()
	require.NoError(t, err)

	assert.True(t, output.Type().Equals(hcldec.ImpliedType(d.OutputSpec())), "%#v", output.Type())
	for name, want := range map[string]string{
		"name": "control-plane", "platform": "vm", "suite": "trixie", "architecture": "amd64",
	} {
		assert.Equal(t, want, output.GetAttr(name).AsString(), name)
	}
	assert.True(t, output.GetAttr("packages").RawEquals(cty.ListVal([]cty.Value{cty.StringVal("curl"), cty.StringVal("vim")})))

	profile, err := document.Parse(t.Context(), output.GetAttr("profile_yaml").AsString(), "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, []string{"vim", "curl"}, profile.NodeProfile.Spec.Software.Packages)
	var vars map[string]any
	require.NoError(t, json.Unmarshal([]byte(output.GetAttr("vars_json").AsString()), &vars))
	assert.Equal(t, "control-plane", vars["airship_profile"])
	assert.Contains(t, output.GetAttr("vars_yaml").AsString(), "airship_suite: trixie\n")
}

// A template loops over packages: an empty list, never null.
func TestExecuteWithoutPackages(t *testing.T) {
	d, err := configure(t, `
		documents = ["testdata/s*.yaml"]
		name      = "worker"
	`)
	require.NoError(t, err)
	output, err := d.Execute()
	require.NoError(t, err)
	packages := output.GetAttr("packages")
	assert.False(t, packages.IsNull())
	assert.Zero(t, packages.LengthInt())
}

func TestConfigureFinds(t *testing.T) {
	for body, problem := range map[string]string{
		``:               "airship-nodeprofile: documents is empty and there is no cluster: want files, directories or globs",
		`documents = []`: "airship-nodeprofile: documents is empty and there is no cluster: want files, directories or globs",
		`documents = ["testdata/site.yaml"]
		 name      = "worker"
		 selector  = "tier=none"`: "airship-nodeprofile: selector chooses profiles, and so do name and image: give one of them",
		`documents = ["testdata/site.yaml"]
		 selector  = "tier=none"`: "airship-nodeprofile: no NodeProfile has the labels tier=none; there are: control-plane (none), worker (none)",
		`documents = ["testdata/site.yaml"]
		 name      = "worker"
		 isolation = "docker"`: `airship-nodeprofile: isolation is "docker": want one of ["auto" "qemu" "namespace"]`,
		`documents = ["testdata/site.yaml"]
		 name      = "worker"
		 platform  = "azur"`: "airship-nodeprofile: platform: spec.platform: unknown platform azur; did you mean azure?",
		`documents = ["testdata/site.yaml"]
		 name      = "worker"
		 overrides = "storage: {qcow_capacty: 3G}"`: "airship-nodeprofile: overrides:1:11: spec.storage.qcow_capacty: unknown field; did you mean qcow_capacity?",
		`documents = ["testdata/site.yaml"]`:  "airship-nodeprofile: the documents hold 2 NodeProfiles and none is chosen by name; they are: control-plane, worker",
		`documents = ["testdata/sight.yaml"]`: "airship-nodeprofile: testdata/sight.yaml: there is no such file or directory; a relative path starts where packer was started",
		`documents = ["testdata/site.yaml"]
		 name      = "workr"`: "airship-nodeprofile: no NodeProfile is named workr; did you mean worker?",
	} {
		_, err := configure(t, body)
		assert.EqualError(t, err, problem)
	}
}

// The layout of the disk is checked with the documents, and its mistakes have file and line.
func TestConfigureChecksThePlan(t *testing.T) {
	_, err := configure(t, `documents = ["testdata/overlap.yaml"]`)
	require.Error(t, err)
	mistakes := mistake.All(err)
	require.NotEmpty(t, mistakes)
	lines := map[string]int{}
	for _, m := range mistakes {
		assert.Equal(t, "testdata/overlap.yaml", m.File)
		lines[m.Field] = m.Line
	}
	assert.Equal(t, 6, lines["spec.platform"])
	assert.Equal(t, 14, lines["spec.storage.partitions[1].part_start"], err)
}

// Packer's core panics on a value that is not of any type.
func TestExecuteUnconfigured(t *testing.T) {
	output, err := (&Datasource{}).Execute()
	require.Error(t, err)
	assert.True(t, output.RawEquals(cty.NullVal(cty.EmptyObject)))
}

// Every output of a profile that has all of them, and nothing secret in any.
func TestOutputs(t *testing.T) {
	d, err := configure(t, `
		documents = ["testdata/full.yaml"]
		platform  = "openstack"
		overrides = "{storage: {qcow_capacity: 3500M}}"
	`)
	require.NoError(t, err)
	output, err := d.Execute()
	require.NoError(t, err)
	text := func(name string) string { return output.GetAttr(name).AsString() }
	of := func(name, key string) string { return output.GetAttr(name).Index(cty.StringVal(key)).AsString() }

	assert.Equal(t, "openstack", text("platform"))
	assert.Equal(t, "3500M", text("disk_size"))
	gib, _ := output.GetAttr("disk_size_gb").AsBigFloat().Int64()
	assert.EqualValues(t, 4, gib)
	assert.Equal(t, "console=ttyS0,115200n8 nosmt token=airship-secret:spec.osKernel.grub.GRUB_CMDLINE_LINUX_DEFAULT[2].value", text("kernel_command_line"))
	assert.Equal(t, "#cloud-config\n{}\n", text("user_data"))
	assert.JSONEq(t, `{"links":[{"id":"lan","type":"phy","ethernet_mac_address":"52:54:00:12:34:56"}],"networks":[],"services":[]}`, text("network_data"))
	assert.Equal(t, "test", of("labels", "airshipit.org/site"))
	assert.Contains(t, text("image_yaml"), "action: build-qcow\n")
	assert.Equal(t, text("profile_yaml"), of("profiles", "full-image"))
	assert.Contains(t, of("role_vars", "qcow"), "qcow_capacity: 3500M\n")
	assert.Contains(t, of("role_vars", "osconfig"), "airship-secret:")
	assert.True(t, output.GetAttr("packages").RawEquals(cty.ListVal([]cty.Value{cty.StringVal("airship-secret:spec.software.packages[0]"), cty.StringVal("curl")})))
	for name, value := range output.AsValueMap() {
		shown, err := ctyjson.Marshal(value, value.Type())
		require.NoError(t, err)
		assert.NotContains(t, string(shown), "planted", name)
	}
	assert.Equal(t, "<sensitive>", packersdk.LogSecretFilter.FilterString("plantedargument"))
}

// The disk's sizes say nothing of a secret, and need nothing that is still encrypted.
func TestOutputsOfASecretDisk(t *testing.T) {
	const text = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node}
spec:
  osKernel: {grub: {GRUB_CMDLINE_LINUX_DEFAULT: [{name: token, value: plantedargument}]}}
  software: {packages: [plantedpackage]}
  storage:
    qcow_capacity: 21504M
    partitions:
      - {mount: none, part_start: 1MiB, part_end: 5MiB, flags: [bios_grub]}
      - {mount: /, part_start: 5MiB, part_end: 90%, filesystem: {type: ext4, fstab: {options: defaults, fsck: 1}}}
`
	key := sopstest.NewKey(t)
	key.Use(t)
	for name, c := range map[string]struct {
		encrypted, option, size string
	}{
		"a secret capacity":      {"^qcow_capacity$", "", ""},
		"a closed capacity":      {"^qcow_capacity$", "decrypt = false", ""},
		"a closed partition":     {"^part_end$", "decrypt = false", ""},
		"a secret partition":     {"^part_end$", "", "21504M"},
		"closed elements":        {"^(packages|value)$", "decrypt = false", "21504M"},
		"elements that are open": {"^(packages|value)$", "", "21504M"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "site.yaml")
			require.NoError(t, os.WriteFile(file, key.Encrypt(t, text, "--encrypted-regex", c.encrypted), 0o600))
			d, err := configure(t, fmt.Sprintf("documents = [%q]\n%s\n", file, c.option))
			require.NoError(t, err)
			output, err := d.Execute()
			require.NoError(t, err)
			assert.Equal(t, c.size, output.GetAttr("disk_size").AsString())
			gib, _ := output.GetAttr("disk_size_gb").AsBigFloat().Int64()
			assert.Equal(t, c.size != "", gib == 21, gib)
			for name, value := range output.AsValueMap() {
				shown, err := ctyjson.Marshal(value, value.Type())
				require.NoError(t, err)
				assert.NotContains(t, string(shown), "ENC[", name)
				if c.encrypted == "^qcow_capacity$" {
					assert.NotRegexp(t, `\b21504`, string(shown), name)
				}
				if c.encrypted == "^(packages|value)$" {
					assert.NotContains(t, string(shown), "planted", name)
				}
			}
		})
	}
}

// A selector chooses any number; what belongs to one profile is then empty.
func TestSelector(t *testing.T) {
	d, err := configure(t, `
		documents = ["testdata/site.yaml"]
		selector  = ""
	`)
	require.NoError(t, err)
	output, err := d.Execute()
	require.NoError(t, err)
	assert.True(t, output.Type().Equals(hcldec.ImpliedType(d.OutputSpec())), "%#v", output.Type())
	profiles := output.GetAttr("profiles").AsValueMap()
	assert.Len(t, profiles, 2)
	assert.Contains(t, profiles["worker"].AsString(), "name: worker")
	assert.Empty(t, output.GetAttr("profile_yaml").AsString())
	assert.Zero(t, output.GetAttr("packages").LengthInt())
}

// What another data source is to give is not known when a template is validated.
func TestConfigureUnknown(t *testing.T) {
	for _, body := range []string{
		`documents = ["<unknown>"]`,
		`documents = ["testdata/site.yaml"]
		 name      = "<unknown>"`,
	} {
		_, err := configure(t, body)
		assert.NoError(t, err, body)
	}
}
