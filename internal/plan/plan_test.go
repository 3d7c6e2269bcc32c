package plan

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

func node() *v1alpha1.NodeProfile {
	profile := v1alpha1.NodeProfile{}
	profile.Name = "node"
	spec := &profile.Spec
	spec.Platform, spec.Architecture, spec.Distribution, spec.Suite = "baremetal", "amd64", "debian", "bookworm"
	spec.Networking.Hostname = "node01"
	spec.Software.Packages = []string{"openssh-server", "sudo=1.9.13p3-1+deb12u1", "sudo"}
	spec.Software.UnapprovedPackages = []string{"unattended-upgrades"}
	console := v1alpha1.Scalar("ttyS0,115200n8")
	spec.OSKernel.Grub.CmdlineLinuxDefault = []v1alpha1.Argument{{Name: "console", Value: &console}, {Name: "quiet"}}
	return &profile
}

func lockFor(t *testing.T, profile *v1alpha1.NodeProfile) Lock {
	t.Helper()
	request, err := Ask(profile, Form{})
	require.NoError(t, err)
	lock := Lock{Format: LockFormat, Request: request.Digest(), Toolbox: strings.Repeat("70", 32)}
	for _, s := range request.Sources {
		lock.Suites = append(lock.Suites, LockedSuite{
			Source: s.Name, Suite: s.Suite, InRelease: strings.Repeat("1e", 32),
			Date: time.Date(2026, 7, 11, 9, 0, 0, 0, time.UTC),
		})
	}
	lock.Packages = []Package{{
		Name: "sudo", Version: "1.9.13p3-1+deb12u1", Architecture: "amd64", Source: "debian",
		Filename: "pool/main/s/sudo/sudo.deb", Size: 1889000, SHA256: strings.Repeat("ab", 32),
	}}
	return lock
}

func planOf(t *testing.T, profile *v1alpha1.NodeProfile, options Options) Plan {
	t.Helper()
	p, err := New(profile, lockFor(t, profile), options)
	require.NoError(t, err)
	return p
}

func TestPlanJSON(t *testing.T) {
	p := planOf(t, node(), Options{Packer: "1.16.0", Variables: map[string]any{"sysctl": []any{}}})
	have, err := json.MarshalIndent(struct {
		Plan    Plan
		Digests Digests
	}{p, p.Digests()}, "", "  ")
	require.NoError(t, err)
	golden(t, "plan.json", string(have)+"\n")
}

// TestDigests changes one thing at a time: the stages it decides have new digests, earlier ones
// have not.
func TestDigests(t *testing.T) {
	before := planOf(t, node(), Options{}).Digests()
	for name, c := range map[string]struct {
		change  func(*v1alpha1.NodeProfile, *Options)
		changed []string
	}{
		"a package":   {func(p *v1alpha1.NodeProfile, _ *Options) { p.Spec.Software.Packages[0] = "vim" }, []string{"rootfs", "system", "disk", "output"}},
		"host name":   {func(p *v1alpha1.NodeProfile, _ *Options) { p.Spec.Networking.Hostname = "other" }, []string{"system", "disk", "output"}},
		"Packer":      {func(_ *v1alpha1.NodeProfile, o *Options) { o.Packer = "1.16.0" }, []string{"system", "disk", "output"}},
		"a variable":  {func(_ *v1alpha1.NodeProfile, o *Options) { o.Variables = map[string]any{"a": 1} }, []string{"system", "disk", "output"}},
		"capacity":    {func(p *v1alpha1.NodeProfile, _ *Options) { p.Spec.Storage.QcowCapacity = "20G" }, []string{"disk", "output"}},
		"compression": {func(_ *v1alpha1.NodeProfile, o *Options) { o.Form.Compression = "zstd" }, []string{"output"}},
		"nothing":     {func(*v1alpha1.NodeProfile, *Options) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			profile, options := node(), Options{}
			c.change(profile, &options)
			after := planOf(t, profile, options).Digests()
			var changed []string
			for _, stage := range []struct{ name, before, after string }{
				{"rootfs", before.RootFS, after.RootFS},
				{"system", before.System, after.System},
				{"disk", before.Disk, after.Disk},
				{"output", before.Output, after.Output},
			} {
				if stage.before != stage.after {
					changed = append(changed, stage.name)
				}
			}
			assert.Equal(t, c.changed, changed)
		})
	}
}

func TestRequest(t *testing.T) {
	request, err := Ask(node(), Form{})
	require.NoError(t, err)
	assert.Contains(t, request.Include, "sudo=1.9.13p3-1+deb12u1")
	assert.NotContains(t, request.Include, "sudo", "a pin and the bare name are one package")
	for _, needed := range []string{"linux-image-amd64", "grub-pc-bin", "grub-efi-amd64-bin", "systemd-sysv", "e2fsprogs", "dosfstools"} {
		assert.Contains(t, request.Include, needed)
	}

	ubuntu := node()
	ubuntu.Spec.Distribution, ubuntu.Spec.Suite = "ubuntu", "jammy"
	_, err = Ask(ubuntu, Form{})
	assert.EqualError(t, err, "spec.software.repos: ubuntu has no built-in archive: list its suites here (name, source, suite, components)")

	ubuntu.Spec.Software.Repos = []v1alpha1.Repository{
		{Name: "main", Source: "http://mirror.example/ubuntu/", Suite: "jammy", Components: "main universe"},
		{Name: "vendor", Suite: "jammy", KeyringPkg: "vendor-keyring"},
	}
	_, err = Ask(ubuntu, Form{})
	assert.ErrorContains(t, err, "spec.software.repos[1].source: ubuntu has no built-in archive: give the address of vendor")
	assert.ErrorContains(t, err, "spec.software.repos[1].keyring_pkg: vendor-keyring is not ubuntu-keyring")
}

func TestLockCheck(t *testing.T) {
	profile := node()
	lock := lockFor(t, profile)

	other := node()
	other.Spec.Software.Packages = append(other.Spec.Software.Packages, "vim")
	_, err := New(other, lock, Options{})
	assert.ErrorContains(t, err, "the lock was made for other packages or repositories")

	older := lock
	older.Format = 0
	_, err = New(profile, older, Options{})
	assert.ErrorContains(t, err, "the lock has format 0")

	damaged := lockFor(t, profile)
	damaged.Packages[0].SHA256 = "abc"
	damaged.Packages = append(damaged.Packages, Package{Name: "vim"})
	_, err = New(profile, damaged, Options{})
	assert.ErrorContains(t, err, "packages[0]: sudo has no size or SHA-256")
	assert.ErrorContains(t, err, "packages[1]: name, version, architecture and filename must be given")
}

func TestPackageField(t *testing.T) {
	profile := node()
	profile.Spec.OSKernel.KernelBasePkg = "linux-image-rt-amd64"
	profile.Spec.Software.Repos = []v1alpha1.Repository{{Name: "k", Packages: []string{"kubelet=1.30"}}}
	for name, want := range map[string]string{
		"sudo":                 "spec.software.packages[1]",
		"kubelet":              "spec.software.repos[0].packages[0]",
		"linux-image-rt-amd64": "spec.osKernel.kernel_base_pkg",
		"udev":                 "",
	} {
		assert.Equal(t, want, PackageField(profile, name), name)
	}
}
