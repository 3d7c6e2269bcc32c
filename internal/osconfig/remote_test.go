package osconfig

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// What a machine's apt says becomes sources, without the passwords in it.
func TestParseSources(t *testing.T) {
	assert.Equal(t, []Source{
		{
			Name: "bookworm of the machine", URI: "http://archive.example.org/debian", Suite: "bookworm",
			Components: []string{"main", "contrib"}, Date: "2026-01-10T10:06:21Z",
		},
		{Name: "stable of the machine", URI: "https://apt.example.org", Suite: "stable", Components: []string{"main"}},
	}, parseSources(`http://archive.example.org/debian/ bookworm main Sat, 10 Jan 2026 10:06:21 UTC
http://archive.example.org/debian/ bookworm contrib Sat, 10 Jan 2026 10:06:21 UTC
https://bob:s3cret@apt.example.org/ stable main
nonsense
`))
}

func TestRemoteVariables(t *testing.T) {
	profile := testProfile(t, `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: a}
spec:
  platform: gcp
  software:
    packages: [vim]
    unapproved_packages: [nano]
    repos:
      - {name: site, source: "http://archive.example.org/debian", suite: bookworm, components: main, register_repo_with_rootfs: true}
      - {name: once, source: "http://once.example.org/debian", suite: bookworm, components: main, register_repo_with_rootfs: false}
`).NodeProfile
	request, err := plan.Ask(&profile, plan.Form{})
	require.NoError(t, err)
	vars := RemoteVariables(&profile, request, request.Sources)
	assert.Equal(t, []string{"linux-image-cloud-amd64", "vim"}, vars["osconfig_packages_install"])
	assert.Equal(t, []string{"google-guest-agent"}, vars["osconfig_packages_wanted"])
	assert.Equal(t, []string{"nano"}, vars["osconfig_packages_purge"])
	assert.Equal(t, true, vars["osconfig_packages_replace_sources"])

	var stay []string
	for _, e := range vars["osconfig_packages_files"].([]entry) {
		stay = append(stay, e.Kind+" "+e.Path)
	}
	assert.Equal(t, []string{
		"absent /etc/apt/sources.list", "emptied /etc/apt/sources.list.d",
		"file /etc/apt/preferences.d/airship-unapproved", "file /etc/apt/sources.list.d/site.sources",
	}, stay)
	needed := vars["osconfig_packages_sources"].(map[string]string)
	assert.Len(t, needed, 1)
	assert.Contains(t, needed["/etc/apt/sources.list.d/once.sources"], "URIs: http://once.example.org/debian\n")

	var tree []string
	for _, e := range vars["osconfig_remote_tree"].([]entry) {
		tree = append(tree, e.Path)
	}
	assert.Contains(t, tree, "/etc/systemd/system/google-.service.d/10-platform.conf")
	assert.Contains(t, tree, "/etc/hostname")
}

// A machine keeps its own sources where the profile has none.
func TestRemoteVariablesKeepSources(t *testing.T) {
	profile := testProfile(t, testDocument).NodeProfile
	request, err := plan.Ask(&profile, plan.Form{})
	require.NoError(t, err)
	vars := RemoteVariables(&profile, request, request.Sources)
	assert.Empty(t, vars["osconfig_packages_files"])
	assert.Empty(t, vars["osconfig_packages_sources"])
	assert.Equal(t, false, vars["osconfig_packages_replace_sources"])
}
