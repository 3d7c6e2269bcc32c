//go:build slow

package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// growReport tells what became of the root, and whether growing it once more changes anything.
const growReport = `[Unit]
Description=Tell the test what the booted system finds
After=local-fs.target airship-grow-root.service
Before=serial-getty@ttyS0.service

[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c 'echo report begins; findmnt --real --list --noheadings --output TARGET,SOURCE,FSTYPE; df --block-size=1M --output=size / | tail -n 1 | sed "s/ *//; s/^/root MiB: /"; swapon --noheadings --show=NAME,SIZE; sfdisk --dump /dev/vda >/run/before 2>&1; systemctl restart airship-grow-root.service; sfdisk --dump /dev/vda >/run/after 2>&1; cmp /run/before /run/after && echo the table stays; sfdisk --verify /dev/vda; systemctl --failed --no-legend --plain; journalctl --boot --no-pager --output=cat --unit airship-grow-root.service; echo report ends'

[Install]
WantedBy=multi-user.target
`

var rootSize = regexp.MustCompile(`root MiB: (\d+)`)

// TestGrow boots images on disks that are larger than they: one of each table, sector size and file system that grows.
func TestGrow(t *testing.T) {
	root := func(filesystem string, flags ...string) v1alpha1.Partition {
		return v1alpha1.Partition{Mount: "/", PartEnd: "100%", Flags: flags, Filesystem: &v1alpha1.Filesystem{Type: filesystem}}
	}
	boot := sized(1, "/boot", "200MiB", "ext4", "", "boot")
	for name, c := range map[string]struct {
		storage  v1alpha1.Storage
		uefi     bool
		want     string
		reported []string
	}{
		"xfs of a gpt": {
			storage: v1alpha1.Storage{QcowCapacity: "2G", Partitions: []v1alpha1.Partition{
				sized(0, "none", "2MiB", "", "", "bios_grub"), sized(0, "swap", "64MiB", "swap", ""), root("xfs"),
			}},
			reported: []string{`(?m)^/ +/dev/vda3 +xfs`, `(?m)^/dev/vda2 +64M`},
		},
		"btrfs of an mbr": {
			storage:  v1alpha1.Storage{QcowCapacity: "2G", PartitionTable: "mbr", Partitions: []v1alpha1.Partition{boot, root("btrfs")}},
			reported: []string{`(?m)^/ +/dev/vda2 +btrfs`, `(?m)^/boot +/dev/vda1 +ext4`},
		},
		"ext4 in large sectors": {
			storage: v1alpha1.Storage{QcowCapacity: "2G", SectorSize: 4096, Partitions: []v1alpha1.Partition{
				sized(1, "/boot/efi", "300MiB", "vfat", "", "esp"), root("ext4"),
			}},
			uefi:     true,
			reported: []string{`(?m)^/ +/dev/vda2 +ext4`, `(?m)^/boot/efi +/dev/vda1 +vfat`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := planOf(t, c.storage)
			require.True(t, p.Disk.GrowRoot)
			image := growing(t, p)
			overlay := filepath.Join(t.TempDir(), "larger.qcow2")
			out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", overlay, "5G").CombinedOutput()
			require.NoError(t, err, "%s", out)
			drive := []string{"-drive", "if=none,id=disk,file=" + overlay, "-device", "virtio-blk-pci,drive=disk,bootindex=1,logical_block_size=" +
				strconv.FormatInt(p.Disk.SectorSize, 10) + ",physical_block_size=4096"}
			if c.uefi {
				drive = append(drive, ovmf(t)...)
			}
			report := bootDrive(t, drive...)
			t.Log(report)
			for _, want := range c.reported {
				assert.Regexp(t, want, report)
			}
			size := rootSize.FindStringSubmatch(report)
			require.Len(t, size, 2)
			mib, err := strconv.Atoi(size[1])
			require.NoError(t, err)
			assert.Greater(t, mib, 4000, "the root has not grown")
			assert.Contains(t, report, "the table stays")
			assert.Contains(t, report, "No errors detected")
			assert.NotContains(t, report, "failed")
		})
	}
}

// growing is the image of a system that grows its root.
func growing(t *testing.T, p plan.Plan) string {
	t.Helper()
	m, _ := machinetest.Start(t)
	machinetest.UnpackTree(t, m, machinetest.Bootstrapped(t, "bookworm", "linux-image-cloud-amd64", "initramfs-tools", "zstd",
		"systemd-sysv", "udev", "dbus", "grub-pc-bin", "grub-efi-amd64-bin", "grub2-common", "fdisk", "xfsprogs", "btrfs-progs", "e2fsprogs", "dosfstools"))
	p.Action = v1alpha1.ActionBuildQcow2
	p.System.Hostname = "node"
	p.RootFS.Packages = []plan.Package{{Name: "dash"}}
	undo, err := m.OpenTarget(t.Context())
	require.NoError(t, err)
	require.NoError(t, rootfs.Configure(t.Context(), m, p))
	require.NoError(t, undo(t.Context()))
	unit := machine.Target + "/etc/systemd/system/"
	require.NoError(t, m.WriteFile(t.Context(), unit+"report.service", 0o644, []byte(growReport)))
	machinetest.Shell(t, m, "cd "+unit+"; mkdir -p multi-user.target.wants; ln -s ../report.service multi-user.target.wants/report.service")
	require.NoError(t, Assemble(t.Context(), m, p, t.Logf))
	return imageFile(t, m)
}

// ovmf is UEFI for QEMU, with variables of its own.
func ovmf(t *testing.T) []string {
	t.Helper()
	vars := filepath.Join(t.TempDir(), "vars.fd")
	content, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.fd")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(vars, content, 0o600))
	return []string{
		"-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
		"-drive", "if=pflash,format=raw,file=" + vars,
	}
}
