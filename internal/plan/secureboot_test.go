package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

func TestSecureBootPackages(t *testing.T) {
	for _, c := range []struct {
		distribution, architecture string
		want                       []string
	}{
		{"debian", "amd64", []string{"shim-signed", "grub-efi-amd64-signed", "grub-efi-amd64-bin", "linux-image-amd64"}},
		{"debian", "arm64", []string{"shim-signed", "grub-efi-arm64-signed", "grub-efi-arm64-bin", "linux-image-arm64"}},
		{"ubuntu", "amd64", []string{"shim-signed", "grub-efi-amd64-signed", "linux-image-generic"}},
	} {
		profile := nodeOn("baremetal", c.distribution, c.architecture)
		without, err := Ask(profile, Form{})
		require.NoError(t, err)
		assert.NotContains(t, without.Include, "shim-signed")
		assert.False(t, NewSystem(profile).SecureBoot)

		profile.Spec.OSKernel.SecureBoot = true
		assert.True(t, NewSystem(profile).SecureBoot)
		for _, action := range []string{v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildISO} {
			request, err := Ask(profile, Form{Action: action})
			require.NoError(t, err)
			assert.Subset(t, request.Include, []string{"shim-signed", c.want[1]}, action)
			if action == v1alpha1.ActionBuildQcow2 {
				assert.Subset(t, request.Include, c.want)
			}
		}
		root, err := Ask(profile, Form{Action: v1alpha1.ActionBuildRoot})
		require.NoError(t, err)
		assert.NotContains(t, root.Include, "shim-signed", "a root boots nothing by itself")
		for _, name := range c.want[:2] {
			assert.Equal(t, "spec.osKernel.secureBoot", PackageField(profile, name))
		}
	}
}

func TestSecureBootRefuses(t *testing.T) {
	for _, c := range []struct {
		kernel  string
		refused bool
	}{
		{"", false},
		{"linux-image-amd64", false},
		{"linux-image-cloud-amd64=6.1.140-1", false},
		{"linux-image-rt-amd64", false}, // Debian signs it
		{"site-kernel", false},          // the assembly looks at it
		{"linux-image-6.1.0-50-amd64-unsigned=6.1.192-2", true},
		{"linux-image-unsigned-6.8.0-60-generic", true},
		{"linux-image-raspi-nolpae", true},
		{"linux-raspi", true},
		{"linux-generic-hwe-24.04", false},
	} {
		profile := node()
		profile.Spec.OSKernel.SecureBoot, profile.Spec.OSKernel.KernelBasePkg = true, c.kernel
		_, err := Ask(profile, Form{})
		if !c.refused {
			require.NoError(t, err, c.kernel)
			continue
		}
		require.EqualError(t, err, "1 error occurred:\n\t* spec.osKernel.kernel_base_pkg: "+bareName(c.kernel)+" is a kernel without a signature, which "+
			"osKernel.secureBoot does not start: take the distribution's signed one, such as linux-image-amd64, or leave secureBoot out\n\n")
		profile.Spec.OSKernel.SecureBoot = false
		_, err = Ask(profile, Form{})
		require.NoError(t, err)
	}

	profile := node()
	profile.Spec.OSKernel.SecureBoot = true
	profile.Spec.Software.Packages = append(profile.Spec.Software.Packages, "linux-image-unsigned-6.8.0-60-generic")
	profile.Spec.Storage.Partitions = []v1alpha1.Partition{
		{Mount: "/", PartStart: "5MiB", PartEnd: "100%", Filesystem: &v1alpha1.Filesystem{Type: "ext4"}},
		{Mount: "none", PartStart: "1MiB", PartEnd: "5MiB", Flags: []string{"bios_grub"}},
	}
	err := Check(profile, &v1alpha1.AirshipImage{})
	require.ErrorContains(t, err, "spec.software.packages[3]: linux-image-unsigned-6.8.0-60-generic is a kernel without a signature")
	require.ErrorContains(t, err, "spec.osKernel.secureBoot: Secure Boot is UEFI's, which the disk cannot boot by: add a vfat partition with the flag esp")
}
