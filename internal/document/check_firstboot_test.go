package document

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFirstBoot(t *testing.T) {
	const (
		data    = `software: {packages: [cloud-init=22.4.2-1]}, cloudInit: {userData: "#!/bin/sh\n", metaData: {hostname: a}%}, networking: {networkData: {links: []}}`
		ofCloud = ": has no effect in the image: on %s cloud-init reads what the cloud gives it; hand it over there, or add ConfigDrive to cloudInit.datasources"
	)
	fields := []string{"cloudInit.userData", "cloudInit.metaData", "networking.networkData"}
	for _, test := range []struct {
		platform, datasources string
		warned                bool
	}{
		{"baremetal", "", false},
		{"vm", ", datasources: []", false},
		{"openstack", ", datasources: [OpenStack, ConfigDrive]", false},
		{"azure", "", true},
		{"gcp", ", datasources: [GCE]", true},
		{"gcp", ", datasources: [ConfigDrive, GCE]", false},
	} {
		p, err := Parse(t.Context(), minimal+"{platform: "+test.platform+", "+strings.ReplaceAll(data, "%", test.datasources)+"}", "p.yaml")
		require.NoError(t, err)
		var want []string
		for _, field := range fields {
			if test.warned {
				want = append(want, "p.yaml:4: spec."+field+strings.ReplaceAll(ofCloud, "%s", test.platform))
			}
		}
		assert.Equal(t, want, p.Warnings, "%v", test)
	}
	assert.Contains(t, refused(t, profileText("node", "{platform: vm, "+strings.ReplaceAll(data, "%", ", datasources: [NoCloud, None]")+"}"), Selection{}),
		"spec.cloudInit.datasources: has no ConfigDrive, as which the image holds spec.cloudInit.userData, spec.cloudInit.metaData, "+
			"spec.networking.networkData: nothing would read that; add ConfigDrive, or leave the list out")
	assert.NotContains(t, refused(t, profileText("node", `{cloudInit: {metaData: {hostname: a}, datasources: [Configdrive]}}`), Selection{}), "has no ConfigDrive")
	choose(t, profileText("node", `{cloudInit: {datasources: [NoCloud]}}`), Selection{})
}

func TestFirstBootWithoutCloudInit(t *testing.T) {
	for spec, want := range map[string][]string{
		`{}`: nil,
		`{cloudInit: {metaData: {hostname: a}}}`: {
			"p.yaml:4: spec.cloudInit.metaData: nothing reads it: cloud-init is not among the packages; add it to software.packages",
		},
		`{software: {ubuntu_packages: [cloud-init]}, cloudInit: {metaData: {hostname: a}}}`:                                                                                     nil,
		`{extends: [airship-default], cloudInit: {metaData: {hostname: a}}}`:                                                                                                    nil,
		`{drivers: [{name: d, packages: [cloud-init]}], cloudInit: {metaData: {hostname: a}}}`:                                                                                  nil,
		`{software: {repos_append: [{name: r, suite: s, components: c, register_repo_with_rootfs: false, packages: [cloud-init-base]}]}, cloudInit: {metaData: {hostname: a}}}`: nil,
	} {
		p, err := Parse(t.Context(), minimal+spec, "p.yaml")
		require.NoError(t, err)
		assert.Equal(t, want, p.Warnings, spec)
	}
	// User data that a file of its own holds has its place there.
	dir := files(t, map[string]string{
		"site.yaml": imageText("node", `{params: {platform: azure}, builder: {userDataFileName: user-data}}`), "user-data": "#!/bin/sh\n",
	})
	p, err := one(chooseAll(t, Source{Documents: []string{dir}}, Selection{}))
	require.NoError(t, err)
	require.Len(t, p.Warnings, 2)
	assert.True(t, strings.HasPrefix(p.Warnings[0], dir+"/user-data:1: spec.cloudInit.userData: has no effect"), p.Warnings[0])
}
