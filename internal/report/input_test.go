package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const sum = "9563bf3e7672a86d3017ac92dd4e3fc70f2dddc2e8b9173bbda85f9cdaf77bc9"

// realistic is a build of a control-plane node: sizes are those of Debian 12's packages, times those of a manifest.
func realistic(t *testing.T) Input {
	t.Helper()
	var inv inventory.Inventory
	text, err := os.ReadFile("testdata/inventory.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &inv))
	profile := &v1alpha1.NodeProfile{}
	profile.Name, profile.Spec.Platform, profile.Spec.Architecture = "control-plane", "baremetal", "amd64"
	profile.Spec.Distribution, profile.Spec.Suite = "debian", "bookworm"
	disk, err := plan.NewDisk(profile, "seed")
	require.NoError(t, err)

	value := "262144"
	answers := bootcheck.Answers{
		Asked: true, State: "running", Hostname: "control01", StaticHostname: "control01", Kernel: "6.1.0-50-cloud-amd64", Firmware: "bios",
		Cmdline: "BOOT_IMAGE=/vmlinuz-6.1.0-50-cloud-amd64 root=UUID=3997f562-46ef-805b-bb16-b61dee12f4cc ro console=tty0 console=ttyS0,115200n8 amd_iommu=on intel_iommu=on iommu=pt cgroup_disable=hugetlb",
		OS:      bootcheck.OS{Distribution: "debian", Suite: "bookworm"}, RootSize: 18_554_830_848, Uptime: 48.99,
		Meta:    map[string]string{"airshipimage.yaml": sum, "build.yaml": sum, "nodeprofile.yaml": sum, "vars.yaml": sum},
		Users:   map[string]*bootcheck.Login{"ops": {UID: 1000, GID: 1000, Home: "/home/ops", Shell: "/bin/bash", Password: "locked"}, "root": {Home: "/root", Shell: "/bin/bash", Password: "locked"}},
		Sysctls: map[string]*string{"vm.max_map_count": &value, "net.ipv4.conf.all.rp_filter": new(string)},
		Mounts: []bootcheck.Mount{
			{Target: "/", Source: "/dev/vda1", Type: "ext4", Options: "rw,noatime,errors=remount-ro"},
			{Target: "/boot", Source: "/dev/vda4", Type: "ext4", Options: "rw,noatime,errors=remount-ro"},
			{Target: "/boot/efi", Source: "/dev/vda3", Type: "vfat", Options: "rw,noatime,fmask=0022,dmask=0022,codepage=437,iocharset=ascii,shortname=mixed,utf8,errors=remount-ro"},
		},
		Modules:   map[string]bootcheck.LoadedModule{"8021q": {State: "loaded"}, "bonding": {State: "loaded", Parameters: map[string]string{"max_bonds": "0"}}},
		Blacklist: []string{"krbd"},
		Limits:    map[string]map[string]bootcheck.Rlimit{"ops": {"nofile": {Soft: "1048576", Hard: "1048576"}}},
		Units:     map[string]string{"chrony.service": "enabled", "apt-daily.timer": "masked"},
		Paths: []bootcheck.Path{
			{Path: "/etc/cloud/cloud.cfg.d/95-airship.cfg", Type: "file", Mode: "0644"},
			{Path: "/etc/systemd/system/default.target", Type: "link", Link: "/usr/lib/systemd/system/multi-user.target"},
		},
		Motd: &bootcheck.Motd{Lines: []string{"Airship node: Debian GNU/Linux 12 (bookworm) (GNU/Linux 6.1.0-50-cloud-amd64, x86_64)"}},
	}
	uefi := answers
	uefi.Firmware, uefi.SecureBoot, uefi.Lockdown, uefi.Uptime = "uefi", "on", "integrity", 61.2

	in := Input{
		Plan: plan.Plan{
			Profile: "control-plane", Action: v1alpha1.ActionBuildQcow2, Epoch: 1783760400, Plugin: "0.1.0", Packer: "1.16.0",
			Target: plan.Target{Platform: "baremetal", Architecture: "amd64", Distribution: "debian", Suite: "bookworm"},
			System: plan.System{
				Hostname: "control01", GrubTimeout: 10, SecureBoot: true,
				Cmdline: []string{"console=tty0", "console=ttyS0,115200n8", "amd_iommu=on", "intel_iommu=on", "iommu=pt", "cgroup_disable=hugetlb"},
			},
			Disk: disk,
			Variables: map[string]any{
				"airship_packages": []any{"chrony", "sudo", "ca-certificates", "netplan.io"},
				"grub":             map[string]any{"GRUB_TIMEOUT": 10},
				"sysctl":           []any{map[string]any{"name": "vm.max_map_count", "value": 262144}, map[string]any{"name": "net.ipv4.conf.all.rp_filter", "value": 1}},
				"user_management":  []any{map[string]any{"name": "ops", "shell": "/bin/bash", "password": "sha256:" + sum}},
				"banners":          map[string]any{"motd": "#!/bin/sh\n. /etc/os-release\nprintf 'Airship node: %s\\n' \"$PRETTY_NAME\"\n"},
			},
			Outputs: []plan.Output{{Name: "control-plane.qcow2", Format: plan.QCOW2}, {Name: "control-plane.raw.zst", Format: plan.RawZstd}},
		},
		Inventory: inv,
		Images: []Image{
			{Name: "control-plane.qcow2", Format: plan.QCOW2, Size: 210_583_040, VirtualSize: disk.Size, SHA256: sum},
			{Name: "control-plane.raw.zst", Format: plan.RawZstd, Size: 187_140_224, VirtualSize: disk.Size, SHA256: strings.ToLower("18B6FB7CA457CF358455B234985F7AB6BBE880C375D6BFA9F60C43052FD53EC9")},
		},
		Stages: []Stage{
			{"Preparing the tools", 0.002},
			{"Starting the machine", 0.217},
			{"Resolving the packages", 2.339},
			{"Downloading the packages", 1.703},
			{"Installing the packages", 47.298},
			{"Finalising the root filesystem", 12.618},
			{"Assembling the disk", 8.548},
			{"Writing the image", 9.153},
			{"Booting the image", 66.427},
		},
		Boots: []Boot{{Firmware: bootcheck.BIOS, Verified: true, Answers: answers}, {Firmware: bootcheck.UEFISecure, Verified: true, Answers: uefi}},
		Suites: []plan.LockedSuite{
			{Source: "debian", Suite: "bookworm", Date: time.Date(2026, 7, 11, 10, 16, 37, 0, time.UTC), InRelease: sum},
			{Source: "debian-security", Suite: "bookworm-security", Date: time.Date(2026, 11, 25, 22, 33, 12, 0, time.UTC), InRelease: sum},
		},
		Used:    map[int]int64{1: 587_202_560, 3: 7_340_032, 4: 71_303_168},
		Started: time.Date(2026, 11, 28, 4, 53, 41, 0, time.UTC), Finished: time.Date(2026, 11, 28, 4, 56, 36, 0, time.UTC),
		Plugin: "0.1.0", Packer: "1.16.0", Isolation: "namespace: user namespaces work here, hardware acceleration does not",
	}
	last := before(in)
	in.Previous = &last
	return in
}

// before is the record of a build that differs in a little of everything.
func before(in Input) Record {
	r := NewRecord(in)
	r.Finished = in.Finished.Add(-9 * 24 * time.Hour)
	r.Plan.Output = "before"
	delete(r.Packages, "chrony:amd64")
	delete(r.Packages, "netplan.io:amd64")
	r.Packages["ntpsec:amd64"] = RecordedPackage{Version: "1.2.2+dfsg1-1+deb12u1", Bytes: 812_032}
	for key, version := range map[string]string{
		"openssh-server:amd64": "1:9.2p1-2+deb12u6", "libssl3:amd64": "3.0.15-1~deb12u1", "linux-image-cloud-amd64:amd64": "6.1.158-1", "sudo:amd64": "1.9.16p2-1~bpo12+1",
	} {
		one := r.Packages[key]
		one.Version, one.Bytes = version, one.Bytes-40_960
		r.Packages[key] = one
	}
	r.Cmdline = []string{"console=ttyS0,115200n8", "amd_iommu=on", "intel_iommu=on", "iommu=pt", "quiet"}
	delete(r.Settings, "airship_packages[chrony]")
	r.Settings["airship_packages[ntpsec]"] = Setting{Text: "ntpsec"}
	r.Settings["grub.GRUB_TIMEOUT"] = Setting{Text: "5"}
	r.Settings["user_management[ops].password"] = Setting{Secret: true, Fingerprint: "0"}
	r.Settings["banners.motd"] = Setting{Fingerprint: "0", Lines: 2, Bytes: 71}
	r.Disk.Partitions[3].Size -= 256 << 20
	r.Images[0].Size -= 3_407_872
	r.Images[0].SHA256 = strings.Repeat("0", 64)
	r.Images = r.Images[:1]
	return r
}

// liveISO is a build of an ISO.
func liveISO(t *testing.T) Input {
	t.Helper()
	in := realistic(t)
	in.Previous = nil
	in.Plan.Action, in.Plan.Disk, in.Used = v1alpha1.ActionBuildISO, plan.Disk{}, nil
	in.Plan.ISO = plan.ISO{
		Label: "config-2", GUID: "569d7bd8-495d-8bce-b07d-4c54094d3eb7", ESP: "7B02-D3A3", Cmdline: []string{"boot=live", "quiet"},
		Files: map[string]string{"openstack/latest/meta_data.json": sum, "openstack/latest/user_data": sum},
	}
	in.Images = []Image{{Name: "ephemeral.iso", Format: plan.ISOImage, Size: 318_767_104, SHA256: sum}}
	in.Contents = []Content{
		{"/live/filesystem.squashfs", 262_144_000},
		{"/live/initrd.img", 31_457_280},
		{"/live/vmlinuz", 8_254_400},
		{"/boot/grub/efi.img", 4_194_304},
		{"/AIRSHIP", 0},
		{"/openstack/latest/meta_data.json", 212},
		{"/openstack/latest/user_data", 1_902},
	}
	for i := range 60 {
		in.Contents = append(in.Contents, Content{fmt.Sprintf("/boot/grub/i386-pc/module%02d.mod", i), int64(9_000 + 100*i)})
	}
	return in
}

// archived is a build of a root file system that was not booted.
func archived(t *testing.T) Input {
	t.Helper()
	in := realistic(t)
	in.Previous, in.Boots, in.Used = nil, nil, nil
	in.Plan.Action, in.Plan.Disk = v1alpha1.ActionBuildRoot, plan.Disk{}
	in.Images = []Image{{Name: "control-plane", Format: plan.Directory}, {Name: "control-plane.tar.zst", Format: plan.TarZstd, Size: 140_000_000, SHA256: sum}}
	return in
}

// small is little of everything, for a golden file.
func small() Input {
	answers := bootcheck.Answers{Asked: true, State: "degraded", Hostname: "a", Kernel: "6.1", Failed: []bootcheck.Unit{{Name: "a.service", Log: []string{"one", "two"}}}}
	in := Input{
		Plan: plan.Plan{
			Profile: "small", Action: v1alpha1.ActionBuildQcow2,
			Target: plan.Target{Platform: "vm", Architecture: "amd64", Distribution: "debian", Suite: "bookworm"},
			System: plan.System{Hostname: "a", Cmdline: []string{"quiet"}},
			Disk: plan.Disk{
				Size: 4 << 30, SectorSize: 512, Table: plan.GPT,
				Partitions: []plan.Partition{
					{Number: 1, Type: plan.TypeLinux, Start: 1 << 30, Size: 2 << 30, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/"}},
					{Number: 2, Type: plan.TypeBIOSBoot, Start: 1 << 20, Size: 4 << 20},
				},
			},
		},
		Inventory: inventory.Inventory{
			Packages: []inventory.Package{
				{Name: "a", Version: "1", Architecture: "amd64", Bytes: 3 << 20, Files: 12}, {Name: "b", Version: "2", Architecture: "all", Bytes: 1 << 20, Files: 1},
			},
			Directories: []inventory.Directory{{Path: "/etc", Bytes: 1 << 20, Files: 1}, {Path: "/usr", Bytes: 4 << 20, Files: 12}, {Path: "/usr/lib", Bytes: 3 << 20, Files: 10}},
			Files:       13, Bytes: 5 << 20, Unowned: 1 << 20,
		},
		Images: []Image{{Name: "small.qcow2", Format: plan.QCOW2, Size: 2 << 20, VirtualSize: 4 << 30, SHA256: sum}},
		Stages: []Stage{{"Installing", 3}, {"Booting", 60}},
		Boots: []Boot{
			{Firmware: bootcheck.BIOS, Verified: true, Answers: answers}, {Firmware: bootcheck.UEFI, Reason: "there is no OVMF on this host"},
		},
		Used:     map[int]int64{1: 1 << 29},
		Finished: time.Date(2026, 11, 28, 4, 56, 36, 0, time.UTC), Plugin: "0.1.0", Isolation: "qemu: as asked",
	}
	last := NewRecord(in)
	last.Packages = map[string]RecordedPackage{"a:amd64": {Version: "0.9", Bytes: 1 << 20}}
	last.Finished = time.Date(2026, 11, 27, 4, 56, 36, 0, time.UTC)
	in.Previous = &last
	return in
}

func rendered(t testing.TB, in Input) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, Render(&page, in))
	return page.String()
}
