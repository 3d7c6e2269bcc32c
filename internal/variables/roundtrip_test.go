package variables_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

var roles = []string{variables.Multistrap, variables.OSConfig, variables.LiveCDContent, variables.Qcow}

// A role's vars file with every variable becomes a NodeProfile, and comes out of it as it went in.
func TestAirshipsFiles(t *testing.T) {
	seen := map[string]bool{}
	for _, role := range roles {
		t.Run(role, func(t *testing.T) {
			text := read(t, "testdata/airship/"+role+"-vars.yaml")
			var r tree.Report
			spec := variables.Spec(role, parse(t, role+"-vars.yaml", text), &r)
			require.NoError(t, r.Err())

			want := data(t, text)
			warnings := 0
			for name := range want {
				seen[name] = true
				if variables.HasNoEffect(name) {
					delete(want, name)
					warnings++
				}
			}
			assert.Len(t, r.Warnings, warnings)
			switch role {
			case variables.OSConfig:
				// A number that ends as text in a file is a text.
				want["limits"].([]any)[0].(map[string]any)["value"] = "0"
			case variables.LiveCDContent:
				delete(want, "mksquashfs_compression")
			}

			vars, _ := render(t, profileOf(t, "p", spec))
			got, err := variables.Roles(vars)[role].YAML()
			require.NoError(t, err)
			assert.Equal(t, want, data(t, []byte(got)))
		})
	}
	for _, name := range variables.Names() {
		assert.True(t, seen[name] || slices.Contains(appends, name), "%s is in no file of testdata/airship", name)
	}
}

var appends = []string{
	"repos_append", "ubuntu_packages_append", "grub_cmdline_linux_default_append", "fetch_from_url_append",
}

func TestAppended(t *testing.T) {
	text := read(t, "testdata/appended-vars.yaml")
	var r tree.Report
	spec := variables.Spec("", parse(t, "vars.yaml", text), &r)
	require.NoError(t, r.Err())
	assert.True(t, spec.Get("software", "ubuntu_packages_append").IsList(), "the list was not kept apart")

	_, got := render(t, profileOf(t, "appended", spec))
	golden(t, "testdata/appended.vars.yaml", got)
	for _, name := range appends {
		assert.Contains(t, string(text), name)
		assert.NotContains(t, got, name)
	}
}

// Every field of a NodeProfile becomes a variable, and a NodeProfile again.
func TestEverything(t *testing.T) {
	profile := decode(t, read(t, "testdata/everything.yaml"))
	vars, text := render(t, profile)
	golden(t, "testdata/everything.vars.yaml", text)
	for role, own := range variables.Roles(vars) {
		text, err := own.YAML()
		require.NoError(t, err)
		golden(t, "testdata/everything."+role+"-vars.yaml", text)
	}
	for _, name := range variables.Names() {
		assert.True(t, vars[name] != nil || slices.Contains(appends, name), "%s is not in testdata/everything.yaml", name)
	}

	var r tree.Report
	spec := variables.Spec("", parse(t, "vars.yaml", []byte(text)), &r)
	require.NoError(t, r.Err())
	assert.Empty(t, r.Warnings)
	again, textAgain := render(t, profileOf(t, profile.Name, spec))
	assert.Equal(t, vars, again)
	assert.Equal(t, text, textAgain)

	asJSON, err := vars.JSON()
	require.NoError(t, err)
	assert.NotContains(t, asJSON, "\n")
	assert.Contains(t, asJSON, `<none> & \"`)
	var fromJSON any
	require.NoError(t, json.Unmarshal([]byte(asJSON), &fromJSON))
	encoded, err := json.Marshal(data(t, []byte(text)))
	require.NoError(t, err)
	assert.JSONEq(t, string(encoded), asJSON)
}

// A role's file alone is enough to have its variables again.
func TestRolesAgain(t *testing.T) {
	vars, _ := render(t, decode(t, read(t, "testdata/everything.yaml")))
	for role, own := range variables.Roles(vars) {
		text, err := own.YAML()
		require.NoError(t, err)
		var r tree.Report
		spec := variables.Spec(role, parse(t, role, []byte(text)), &r)
		require.NoError(t, r.Err())
		again, _ := render(t, profileOf(t, "p", spec))
		assert.Equal(t, own, variables.Roles(again)[role])
	}
}

// Every field of a NodeProfile's areas that is not Airship's has an airship_ name, each its own.
func TestOurNames(t *testing.T) {
	vars, _ := render(t, decode(t, read(t, "testdata/everything.yaml")))
	maps.DeleteFunc(vars, func(name string, _ any) bool {
		_, airships := variables.Field(name)
		return airships
	})
	assert.Equal(t, []string{
		"airship_architecture", "airship_datasources", "airship_distribution", "airship_drivers", "airship_hostname",
		"airship_hosts", "airship_meta_data", "airship_network_data", "airship_packages", "airship_platform",
		"airship_profile", "airship_renderer", "airship_suite", "airship_user_data", "site_ntp",
	}, slices.Sorted(maps.Keys(vars)))
}

// Airship's roles apply their own defaults where a list is missing, so the lists of a profile that
// says nothing are there and empty.
func TestRolesOfNothing(t *testing.T) {
	vars, text := render(t, v1alpha1.NodeProfile{})
	assert.Equal(t, "airship_profile: \"\"\n", text)
	empty := func(names ...string) variables.Variables {
		lists := variables.Variables{}
		for _, name := range names {
			lists[name] = []any{}
		}
		return lists
	}
	assert.Equal(t, map[string]variables.Variables{
		"multistrap": empty("unapproved_packages"),
		"osconfig": empty("sysctl", "limits", "directories", "files", "file_permissions", "systemd", "user_scripts",
			"user_management", "fetch_from_url"),
		"livecdcontent": {},
		"qcow":          {},
	}, variables.Roles(vars))
}

// What YAML 1.1, which Ansible reads, takes for something else than text is in quotes.
func TestQuotes(t *testing.T) {
	text, err := variables.Variables{"v": []any{"=", "yes", "N", "012", "1_0", "1:30", "2001-01-01", "~", "<<", "1e3"}}.YAML()
	require.NoError(t, err)
	assert.Equal(t, `v:
  - "="
  - "yes"
  - "N"
  - "012"
  - "1_0"
  - "1:30"
  - "2001-01-01"
  - "~"
  - "<<"
  - "1e3"
`, text)
}
