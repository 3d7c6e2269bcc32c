package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// nodeOn is a profile that asks for nothing of its own, for a platform and an architecture of Debian's or
// Ubuntu's.
func nodeOn(platform, distribution, architecture string) *v1alpha1.NodeProfile {
	profile := v1alpha1.NodeProfile{}
	profile.Name = "node"
	spec := &profile.Spec
	spec.Platform, spec.Architecture, spec.Distribution, spec.Suite = platform, architecture, distribution, "bookworm"
	if distribution == "ubuntu" {
		spec.Suite = "noble"
		spec.Software.Repos = []v1alpha1.Repository{{Name: "u", Source: "http://mirror.example/ubuntu", Suite: "noble", Components: "main"}}
	}
	return &profile
}

func TestPlatforms(t *testing.T) {
	for _, c := range []struct {
		platform, distribution, architecture string
		cmdline, kernel                      string
		wanted                               []string
	}{
		{"baremetal", "debian", "amd64", "", "linux-image-amd64", nil},
		{"baremetal", "ubuntu", "amd64", "", "linux-image-generic", nil},
		{"vm", "debian", "amd64", "console=tty0 console=ttyS0,115200n8", "linux-image-amd64", []string{"qemu-guest-agent"}},
		{"vm", "ubuntu", "arm64", "console=tty0 console=ttyAMA0,115200n8", "linux-image-virtual", []string{"qemu-guest-agent"}},
		{"openstack", "debian", "arm64", "console=tty0 console=ttyAMA0,115200n8", "linux-image-arm64", []string{"qemu-guest-agent"}},
		{"openstack", "ubuntu", "amd64", "console=tty0 console=ttyS0,115200n8", "linux-image-virtual", []string{"qemu-guest-agent"}},
		{
			"azure", "debian", "amd64", "console=tty0 console=ttyS0,115200n8 earlyprintk=ttyS0,115200",
			"linux-image-cloud-amd64",
			[]string{"hyperv-daemons", "waagent"},
		},
		{
			"azure", "ubuntu", "arm64", "console=tty0 console=ttyAMA0,115200n8",
			"linux-image-azure",
			[]string{"linux-cloud-tools-azure", "walinuxagent"},
		},
		{"gcp", "debian", "arm64", "console=tty0 console=ttyAMA0,38400n8d", "linux-image-cloud-arm64", []string{"google-guest-agent"}},
		{"gcp", "ubuntu", "amd64", "console=tty0 console=ttyS0,38400n8d", "linux-image-gcp", []string{"google-guest-agent"}},
	} {
		t.Run(c.platform+" "+c.distribution+" "+c.architecture, func(t *testing.T) {
			profile := nodeOn(c.platform, c.distribution, c.architecture)
			assert.Equal(t, c.cmdline, strings.Join(NewSystem(profile).Cmdline, " "))
			assert.Equal(t, []string{c.kernel}, Installed(profile))
			request, err := Ask(profile, Form{})
			require.NoError(t, err)
			assert.Contains(t, request.Include, c.kernel)
			assert.Equal(t, c.wanted, request.Wanted)
			assert.Equal(t, c.wanted, Wanted(profile))
		})
	}
}

// What a profile says itself goes before what its platform needs.
func TestPlatformOfAProfileWithItsOwn(t *testing.T) {
	argument := func(text string) v1alpha1.Argument {
		name, value, found := strings.Cut(text, "=")
		a := v1alpha1.Argument{Name: name}
		if found {
			scalar := v1alpha1.Scalar(value)
			a.Value = &scalar
		}
		return a
	}
	profile := nodeOn("azure", "ubuntu", "amd64")
	kernel := &profile.Spec.OSKernel
	kernel.Grub.CmdlineLinuxDefault = []v1alpha1.Argument{argument("quiet"), argument("netconsole=@/eth0")}
	assert.Equal(t, "console=tty0 console=ttyS0,115200n8 earlyprintk=ttyS0,115200 quiet netconsole=@/eth0", strings.Join(Cmdline(profile), " "))
	kernel.GrubCmdlineLinuxDefaultAppend = []v1alpha1.Argument{argument("console=ttyS1")}
	assert.Equal(t, []string{"quiet", "netconsole=@/eth0", "console=ttyS1"}, Cmdline(profile))

	kernel.KernelBasePkg = "linux-image-generic-hwe-24.04=6.11"
	assert.Equal(t, []string{"linux-cloud-tools-generic-hwe-24.04=6.11", "walinuxagent"}, Wanted(profile), "the daemons are the kernel's")
	kernel.KernelBasePkg = "site-kernel"
	assert.Equal(t, []string{"walinuxagent"}, Wanted(profile))
	profile.Spec.Software.UnapprovedPackages = []string{"walinuxagent"}
	assert.Empty(t, Wanted(profile))

	profile = nodeOn("azure", "debian", "amd64")
	profile.Spec.Software.Packages = []string{"waagent=2.7", "vim", "linux-image-rt-amd64"}
	profile.Spec.Drivers = []v1alpha1.Driver{{Name: "gpu", DKMS: []string{"gpu-dkms"}}}
	assert.Equal(t, []string{"hyperv-daemons"}, Wanted(profile))
	assert.Equal(t, []string{"gpu-dkms", "linux-headers-rt-amd64", "linux-image-rt-amd64", "vim", "waagent=2.7"}, Installed(profile))
}

// Of Ubuntu's packages for a whole kernel one is enough, wherever it is named.
func TestKernelsOfUbuntu(t *testing.T) {
	for _, name := range []string{
		"linux-generic", "linux-generic-hwe-20.04", "linux-generic-hwe-22.04-edge", "linux-generic-64k-hwe-24.04", "linux-virtual=6.8.0.60.62",
		"linux-lowlatency", "linux-azure", "linux-azure-fde", "linux-azure-lts-22.04", "linux-gcp-6.8", "linux-aws", "linux-kvm", "linux-oem-22.04d",
		"linux-image-virtual-hwe-22.04", "linux-image-6.8.0-60-generic",
	} {
		profile := nodeOn("vm", "ubuntu", "amd64")
		profile.Spec.Software.UbuntuPackages = []string{"linux-firmware", name}
		assert.ElementsMatch(t, []string{"linux-firmware", name}, Installed(profile))
		root, err := Ask(profile, Form{Action: v1alpha1.ActionBuildRoot})
		require.NoError(t, err)
		assert.Equal(t, []string{"qemu-guest-agent"}, root.Wanted, "a root with a kernel is a machine's")
	}
	for _, name := range []string{"linux-firmware", "linux-base", "linux-tools-generic", "linux-cloud-tools-azure", "linux-azure-tools-common", "linux-headers-generic", "linux-libc-dev"} {
		profile := nodeOn("vm", "ubuntu", "amd64")
		profile.Spec.Software.UbuntuPackages = []string{name}
		assert.ElementsMatch(t, []string{name, "linux-image-virtual"}, Installed(profile))
	}
}

// A plan includes those that the lock has, in the version that was wanted.
func TestPlanOfTaken(t *testing.T) {
	profile := nodeOn("azure", "debian", "amd64")
	lock := lockFor(t, profile)
	p, err := New(profile, lock, Options{})
	require.NoError(t, err)
	assert.NotContains(t, p.RootFS.Include, "waagent")

	waagent := lock.Packages[0]
	waagent.Name = "waagent"
	lock.Packages = append(lock.Packages, waagent)
	with, err := New(profile, lock, Options{})
	require.NoError(t, err)
	assert.Contains(t, with.RootFS.Include, "waagent")
	assert.NotContains(t, with.RootFS.Include, "hyperv-daemons")
	assert.IsIncreasing(t, with.RootFS.Include)

	pinned := Request{Wanted: []string{"a=1", "b=1"}}
	assert.Equal(t, []string{"b=1"}, pinned.Taken([]Package{{Name: "a", Version: "2"}, {Name: "b", Version: "1"}}))
}

// Lock files stay valid while this digest does.
func TestRequestOfBareMetalIsAsBefore(t *testing.T) {
	request, err := Ask(node(), Form{})
	require.NoError(t, err)
	text, err := json.Marshal(request)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "wanted")
	assert.Equal(t, "87ba382ca927a49e8d342097515e4db100a5a4c18e991ab4ec12bf4805750852", request.Digest())
}
