package variables_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

func TestBuiltin(t *testing.T) {
	assert.Equal(t, []string{"airship-default"}, variables.BuiltinNames())
	for _, name := range variables.BuiltinNames() {
		text, ok := variables.Builtin(name)
		require.True(t, ok, name)
		profile := decode(t, text)
		assert.Equal(t, name, profile.Name)
		assert.Equal(t, v1alpha1.APIVersion, profile.APIVersion)
		assert.Equal(t, v1alpha1.KindNodeProfile, profile.Kind)
		_, vars := render(t, profile)
		golden(t, "testdata/"+name+".vars.yaml", vars)
	}
	for _, name := range []string{"", "airship", "../builtin/airship-default", "airship-default.yaml"} {
		_, ok := variables.Builtin(name)
		assert.False(t, ok, name)
	}
}

// airship-default is what Airship's roles have by default, but for what its comments tell.
func TestAirshipDefault(t *testing.T) {
	text, ok := variables.Builtin("airship-default")
	require.True(t, ok)
	vars, _ := render(t, decode(t, text))
	airships := map[string]any{}
	for _, role := range roles {
		maps.Copy(airships, data(t, read(t, "testdata/airship/"+role+"-vars.yaml")))
	}

	var here []string
	for _, list := range []string{"ubuntu_packages", "airship_packages"} {
		for _, name := range vars[list].([]any) {
			here = append(here, name.(string))
		}
	}
	var there []string
	for _, name := range airships["ubuntu_packages"].([]any) {
		switch name := name.(string); name {
		case "dnsutils":
			there = append(there, "bind9-dnsutils")
		case "linux-image-generic", "linux-headers-generic", "kdump-tools":
		default:
			there = append(there, name)
		}
	}
	assert.ElementsMatch(t, append(there, "systemd-resolved"), here)
	assert.Equal(t, here, slices.Compact(slices.Clone(here)))

	// What differs on purpose, made equal.
	grub := airships["grub"].(map[string]any)
	grub["GRUB_SERIAL_COMMAND"].([]any)[0].(map[string]any)["value"] = "115200"
	airships["limits"].([]any)[0].(map[string]any)["value"] = "0"
	airships["partitions"].([]any)[1].(map[string]any)["mount_order"] = 0
	for _, name := range []string{
		"kernel", "sysctl", "limits", "grub", "kdump_tools", "unapproved_packages", "partitions", "qcow_capacity", "qcow_compress",
		"multistrap_retries", "multistrap_retries_delay", "systemd_nic_names_policy", "systemd_nic_alternative_names_policy",
	} {
		assert.Equal(t, airships[name], vars[name], name)
	}
	banners := vars["banners"].(map[string]any)
	assert.Equal(t, airships["banners"].(map[string]any)["login"], banners["login"])
	assert.Contains(t, banners["motd"], "#!/bin/sh\n")
	for _, name := range []string{"directories", "files", "systemd", "user_scripts", "user_management", "img_name", "repos", "k8s_version"} {
		assert.NotContains(t, vars, name)
	}
}
