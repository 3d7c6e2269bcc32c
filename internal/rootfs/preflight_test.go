package rootfs

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

func TestCheckPackages(t *testing.T) {
	dir := t.TempDir()
	add := func(name, control string, files map[string]string) {
		data := repositorytest.Deb(t, "Package: "+name+"\nVersion: 1\n"+control, files, ".xz")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	add("large", "Installed-Size: 1048576\n", nil)
	add("odd", "Installed-Size: unknown\n", nil)
	add("linux-image-amd64", "", nil)
	add("linux-image-6.1-amd64", "", map[string]string{
		"boot/config-6.1": "CONFIG_EXT4_FS=y\nCONFIG_VFAT_FS=m\nCONFIG_SWAP=y\n# CONFIG_XFS_FS is not set\n", "lib/modules/6.1/x.ko": "",
	})
	find := func(sha256 string) (string, bool) { return filepath.Join(dir, sha256), sha256 != "lost" }
	disk := func(size int64, filesystems ...string) plan.Disk {
		var d plan.Disk
		for i, f := range filesystems {
			d.Partitions = append(d.Partitions, plan.Partition{
				Size: size, Filesystem: &plan.Filesystem{Type: f}, Mount: &plan.Mount{Path: "/" + string(rune('a'+i))},
			})
		}
		return d
	}
	packages := func(names ...string) (all []plan.Package) {
		for _, name := range names {
			all = append(all, plan.Package{Name: name, SHA256: name})
		}
		return all
	}
	kernel := packages("linux-image-6.1-amd64", "linux-image-amd64", "odd")
	for name, c := range map[string]struct {
		disk     plan.Disk
		packages []plan.Package
		want     []string
	}{
		"all is well": {disk(1<<30, "ext4", "vfat"), kernel, nil},
		"no kernel":   {disk(1<<30, "xfs"), packages("odd"), nil},
		"no disk":     {plan.Disk{}, packages("lost"), nil},
		"a lost one":  {disk(1<<30, "ext4"), packages("lost"), []string{"the store has lost lost"}},
		"not supported": {disk(1<<30, "ext4", "xfs", "btrfs"), kernel, []string{
			"partitions[1].filesystem.type: the image's kernel is made without xfs (CONFIG_XFS_FS): want ext4, or another kernel_base_pkg",
			"partitions[2].filesystem.type: the image's kernel is made without btrfs (CONFIG_BTRFS_FS)",
		}},
		"no room": {disk(500<<20, "ext4", "vfat"), packages("large"), []string{
			"spec.storage.qcow_capacity: the packages take 1024 MiB and the disk's file systems have 500 MiB: want 524 MiB more at least",
		}},
		"room in /boot alone": {
			plan.Disk{Partitions: append(disk(500<<20, "ext4").Partitions, plan.Partition{Size: 1 << 30, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/boot"}})},
			append(packages("large"), kernel...),
			[]string{"the packages take 1024 MiB and the disk's file systems have 500 MiB"},
		},
		"just room": {disk(512<<20, "ext4", "ext4"), packages("large"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckPackages(t.Context(), plan.Plan{Disk: c.disk, RootFS: plan.RootFS{Packages: c.packages}}, find)
			if c.want == nil {
				require.NoError(t, err)
			}
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
	// The kernel may be the base's.
	base := &plan.Base{Filesystems: []string{"ext4", "swap", "vfat"}, Boot: 100 << 20, Installed: 1 << 30}
	check := func(d plan.Disk, packages []plan.Package) error {
		return CheckPackages(t.Context(), plan.Plan{Disk: d, RootFS: plan.RootFS{Base: base, Packages: packages}}, find)
	}
	withBoot := disk(1<<30-100<<20, "ext4")
	withBoot.Partitions = append(withBoot.Partitions, plan.Partition{Size: 1 << 30, Filesystem: &plan.Filesystem{Type: "ext4"}, Mount: &plan.Mount{Path: "/boot"}})
	require.NoError(t, check(withBoot, packages("odd")), "its kernel is in /boot")
	require.ErrorContains(t, check(disk(2<<30, "xfs"), packages("odd")), "partitions[0].filesystem.type: the image's kernel is made without xfs (CONFIG_XFS_FS): want ext4")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, CheckPackages(ended, plan.Plan{Disk: disk(1, "ext4"), RootFS: plan.RootFS{Packages: kernel}}, find), context.Canceled)
}
