package bootcheck

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func TestFromPlan(t *testing.T) {
	got := FromPlan(plan.Plan{
		Target: plan.Target{Distribution: "debian", Suite: "bookworm"},
		System: plan.System{Hostname: "n", Cmdline: []string{"quiet"}},
		Disk: plan.Disk{Partitions: []plan.Partition{
			{Number: 1, Filesystem: &plan.Filesystem{Type: "ext4", UUID: "5a"}, Mount: &plan.Mount{Path: "/"}},
			{Number: 2, Type: plan.TypeBIOSBoot},
			{Number: 3, Filesystem: &plan.Filesystem{Type: "ext4"}},
			{Number: 4, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/srv/a", Options: "noauto,nofail"}},
			{Number: 5, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/srv/b", Options: "x-systemd.automount"}},
		}},
	})
	assert.Equal(t, Expectations{
		Hostname: "n", Distribution: "debian", Suite: "bookworm", Cmdline: []string{"quiet"},
		Mounts: []Mount{{Target: "/", Type: "ext4", UUID: "5a"}}, NoFailedUnits: true,
	}, got)
}

// profile has one of everything that a node is asked for, and its like that is not known before Ansible
// fills it in.
const profile = `
spec:
  osKernel:
    sysctl: [{name: kernel.pid_max, value: 4194303}, {name: kernel.panic, value: "{{ panic }}"}]
    kernel:
      modules:
        load:
        - {name: br-netfilter}
        - {name: bonding, args: [{name: miimon, value: 100}, {name: tlb, value: "{{ tlb }}"}, {name: flag}]}
        blacklist: [{name: krbd}]
    kdump_tools: {crashkernel: 768M}
  drivers:
  - {name: nic, modules: [{name: br_netfilter}, {name: i40e}], blacklist: [krbd, i40evf]}
  users:
    user_management: [{name: ops, shell: /bin/bash, password_lock: true}]
  services:
    systemd:
    - {name: site.service, file_content: "[Service]", enabled: true}
    - {name: apt-daily.timer, enabled: false}
    - {name: "{{ unit }}.service", file_content: "[Service]", enabled: true}
    - {name: left.service, file_content: "[Service]"}
  files:
    directories: [{name: /etc/site}, {name: /run/site}, {name: "/srv/{{ name }}"}]
    files: [{name: /etc/site/a, file_content: a}, {name: /etc/machine-id, file_content: a}, {name: /var/log/x/y, file_content: a}]
    file_permissions: [{name: /etc/site/a, permissions: "0600"}, {name: /runner}]
    banners: {login: hello, motd: "#!/bin/sh"}
    limits: [{name: core, domain: "*", type: hard, item: core, value: 0}]
`

func testProfile(t *testing.T) *v1alpha1.NodeProfile {
	t.Helper()
	var p v1alpha1.NodeProfile
	require.NoError(t, yaml.UnmarshalStrict([]byte(profile), &p))
	return &p
}

func TestFromProfile(t *testing.T) {
	p := plan.Plan{
		System: plan.System{Cmdline: []string{"quiet"}},
		Disk: plan.Disk{Partitions: []plan.Partition{
			{Number: 1, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/"}},
			{Number: 2, Filesystem: &plan.Filesystem{Type: "vfat"}, Mount: &plan.Mount{Path: "/boot/efi"}},
			{Number: 3, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/srv", Options: "noauto"}},
		}},
	}
	found := []Path{{Path: "/srv/hidden", Type: "file"}, {Path: "/boot/efi/a", Type: "file", Mode: "0644"}, {Path: "/etc/site", Type: "directory", Mode: "0750"}}
	want := FromPlan(p)
	want.Users = []User{{Name: "ops", Shell: "/bin/bash", Password: "locked"}}
	want.Sysctls = map[string]string{"kernel.pid_max": "4194303"}
	want.Modules = []Module{
		{Name: "br-netfilter"},
		{Name: "bonding", Parameters: []Parameter{{"miimon", "100"}, {"flag", "1"}}},
		{Name: "i40e"},
	}
	want.Blacklist = []string{"krbd", "i40evf"}
	want.Limits = []Limit{{User: "nobody", Domain: "*", Type: "hard", Item: "core"}}
	want.Units = []UnitFile{{Name: "apt-daily.timer"}, {Name: "site.service", Enabled: true, Written: true}}
	want.Paths = []Path{
		{Path: "/boot/efi/a", Type: "file"},
		{Path: "/etc/site", Type: "directory", Mode: "0750"},
		{Path: "/etc/site/a", Type: "file"}, // the profile names it, and the tree has lost it
	}
	want.Motd = true
	assert.Equal(t, want, FromProfile(p, &testProfile(t).Spec, found))
	assert.Equal(t, "0644", found[1].Mode, "what was observed stays")

	p.RootFS.Packages = []plan.Package{{Name: "kdump-tools"}}
	got := FromProfile(p, &testProfile(t).Spec, nil)
	assert.Equal(t, []string{"quiet", "crashkernel=768M"}, got.Cmdline)
	assert.Equal(t, []string{"quiet"}, p.System.Cmdline)
	assert.Equal(t, "1024", memory(Options{Expect: want}))
	assert.Equal(t, "4096", memory(Options{Expect: got}))
}

func TestConfiguredPaths(t *testing.T) {
	always := ConfiguredPaths(&v1alpha1.NodeProfileSpec{})
	assert.Contains(t, always, "/etc/hosts")
	got := ConfiguredPaths(&testProfile(t).Spec)
	assert.Subset(t, got, always)
	assert.IsIncreasing(t, got)
	assert.Len(t, got, len(always)+8)
	assert.Subset(t, got, []string{
		"/etc/site", "/etc/site/a", "/runner", "/etc/issue", "/etc/update-motd.d/00-motd",
		"/etc/security/limits.d/99-core.conf", "/etc/systemd/system/site.service", "/etc/systemd/system/left.service",
	})
}

// Each list of the questions is one: Python cannot go through null.
func TestQuestionsOfNothing(t *testing.T) {
	q := questionsFor(Options{})
	for name, list := range map[string][]string{"users": q.Users, "sysctls": q.Sysctls, "limits": q.Limits, "units": q.Units, "paths": q.Paths} {
		assert.NotNil(t, list, name)
	}
	assert.NotNil(t, q.Modules)
}
