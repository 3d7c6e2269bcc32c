package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

func TestRequestOfDrivers(t *testing.T) {
	profile := node()
	profile.Spec.Drivers = []v1alpha1.Driver{
		{Name: "nic", Packages: []string{"nic-tools=1.0"}, Firmware: []string{"firmware-nic"}},
		{Name: "gpu", DKMS: []string{"gpu-dkms"}},
	}
	request, err := Ask(profile, Form{})
	require.NoError(t, err)
	for _, name := range []string{"nic-tools=1.0", "firmware-nic", "gpu-dkms", "linux-image-amd64", "linux-headers-amd64"} {
		assert.Contains(t, request.Include, name)
	}
	for name, field := range map[string]string{
		"nic-tools":           "spec.drivers[0].packages[0]",
		"firmware-nic":        "spec.drivers[0].firmware[0]",
		"gpu-dkms":            "spec.drivers[1].dkms[0]",
		"linux-headers-amd64": "spec.drivers[1].dkms",
	} {
		assert.Equal(t, field, PackageField(profile, name))
	}

	profile.Spec.Drivers = profile.Spec.Drivers[:1]
	request, err = Ask(profile, Form{})
	require.NoError(t, err)
	assert.NotContains(t, request.Include, "linux-headers-amd64", "nothing is built")
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct{ kernel, headers, want, err string }{
		{kernel: "linux-image-cloud-amd64", want: "linux-headers-cloud-amd64"},
		{kernel: "linux-image-amd64=6.1.140-1", want: "linux-headers-amd64=6.1.140-1"},
		{kernel: "linux-image-unsigned-5.15.0-100-generic", want: "linux-headers-5.15.0-100-generic"},
		{kernel: "linux-image-6.1.0-37-amd64-unsigned", want: "linux-headers-6.1.0-37-amd64"},
		{kernel: "linux-image-azure", want: "linux-headers-azure"},
		{kernel: "linux-generic-hwe-22.04=6.8.0.60.60~22.04.1", want: "linux-headers-generic-hwe-22.04=6.8.0.60.60~22.04.1"},
		{kernel: "linux-virtual", headers: "linux-headers-generic", want: "linux-headers-generic"},
		{kernel: "linux-image-virtual", headers: "linux-headers-generic", want: "linux-headers-generic"},
		{kernel: "linux-image-generic-hwe-22.04", headers: "linux-headers-virtual-hwe-22.04", want: "linux-headers-virtual-hwe-22.04"},
		{
			kernel: "linux-image-virtual", headers: "linux-headers-azure",
			err: "linux-headers-azure are the headers of another kernel than linux-image-virtual, for which dkms builds: want linux-headers-virtual",
		},
		{kernel: "linux-image-amd64", headers: "linux-headers-amd64=6.1.140-1", want: "linux-headers-amd64=6.1.140-1"},
		{kernel: "site-kernel", headers: "site-headers", want: "site-headers"},
		{kernel: "linux-image-site", headers: "site-headers", want: "site-headers"},
		{kernel: "site-kernel", err: "spec.drivers[0].dkms: needs the headers of the kernel site-kernel, whose package cannot be told"},
		{
			kernel: "linux-image-rt-amd64", headers: "linux-headers-amd64",
			err: "spec.osKernel.kernel_headers_pkg: linux-headers-amd64 are the headers of another kernel than linux-image-rt-amd64, for which dkms builds: want linux-headers-rt-amd64",
		},
	} {
		profile := node()
		profile.Spec.Drivers = []v1alpha1.Driver{{Name: "gpu", DKMS: []string{"gpu-dkms"}}}
		profile.Spec.OSKernel.KernelBasePkg, profile.Spec.OSKernel.KernelHeadersPkg = c.kernel, c.headers
		request, err := Ask(profile, Form{})
		if c.err != "" {
			require.ErrorContains(t, err, c.err)
			continue
		}
		require.NoError(t, err, c.kernel)
		assert.Contains(t, request.Include, c.want)
	}
}
