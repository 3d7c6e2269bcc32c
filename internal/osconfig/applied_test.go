package osconfig

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

func profileWith(t *testing.T, text string) *v1alpha1.NodeProfile {
	t.Helper()
	var profile v1alpha1.NodeProfile
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &profile.Spec))
	return &profile
}

func TestCheckApplied(t *testing.T) {
	require.NoError(t, CheckApplied(profileWith(t, `
platform: vm
extends: [base]
networking: {hostname: node, hosts: []}
software: {packages: [vim], k8s_version: "1", multistrap_retries: 4, kubelet: {extra_systemd_args: []}}
osKernel:
  kernel_base_pkg: linux-image-amd64
  sysctl: [{name: vm.swappiness, value: 1}]
  grub: {GRUB_TIMEOUT: 1, GRUB_SERIAL_COMMAND: [{name: unit, value: 0}]}
drivers: [{name: nic, packages: [a], dkms: [b], firmware: [c], modules: []}]
storage: {img_name: a.qcow2, qcow_compress: false}
users: {user_management: [{name: ops}]}
files: {files: []}
extraVars: {a: 1}
`)))

	err := CheckApplied(profileWith(t, `
networking: {hosts: [{address: 10.0.0.1, names: [a]}], networkData: {links: []}, systemd_nic_names_policy: path}
software: {kubelet: {extra_systemd_args: [{name: v}]}}
osKernel: {kernel: {modules: {load: [{name: a}]}}, kdump_tools: {crashkernel: 1G}}
drivers: [{name: nic, packages: [a]}, {name: gpu, modules: [{name: a}], blacklist: [b]}]
cloudInit: {userData: "#!/bin/sh"}
services: {systemd: [{name: a.service}]}
files: {directories: [{name: /a}], banners: {motd: "#!/bin/sh"}}
`))
	var fields []string
	for _, m := range mistake.All(err) {
		fields = append(fields, m.Field)
		assert.Equal(t, `is not applied by this version's provisioner: remove it, or apply vars_yaml with provisioner "ansible"`, m.Problem)
	}
	assert.Equal(t, []string{
		"spec.networking.hosts", "spec.networking.networkData", "spec.networking.systemd_nic_names_policy",
		"spec.software.kubelet.extra_systemd_args",
		"spec.osKernel.kernel.modules.load", "spec.osKernel.kdump_tools.crashkernel",
		"spec.drivers[1].modules", "spec.drivers[1].blacklist",
		"spec.cloudInit.userData", "spec.services.systemd", "spec.files.directories", "spec.files.banners.motd",
	}, fields)
}

// What is said to be applied exists.
func TestAppliedFieldsExist(t *testing.T) {
	for _, field := range applied {
		at := reflect.TypeFor[v1alpha1.NodeProfile]()
		for name := range strings.SplitSeq(strings.ReplaceAll(field, "[]", ""), ".") {
			if at.Kind() == reflect.Slice {
				at = at.Elem()
			}
			found := false
			for i := range at.NumField() {
				if tag, _, _ := strings.Cut(at.Field(i).Tag.Get("json"), ","); tag == name {
					at, found = at.Field(i).Type, true
					break
				}
			}
			require.True(t, found, "%s has no %s", field, name)
		}
	}
}
