package nodeprofile

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
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
	require.Len(t, profile.Warnings, 1)
	assert.Contains(t, profile.Warnings[0], "Phase is not read by this version")
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
		``:                                    "airship-nodeprofile: documents is empty; want files, directories or globs",
		`documents = []`:                      "airship-nodeprofile: documents is empty; want files, directories or globs",
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
