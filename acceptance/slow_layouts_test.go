//go:build acceptance && slow

package acceptance

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
)

// TestOtherTables boots a disk with an MBR by BIOS, and one with sectors of 4096 bytes by UEFI.
func TestOtherTables(t *testing.T) {
	for name, firmware := range map[string]string{"old": "bios", "large": "uefi"} {
		t.Run(name, func(t *testing.T) {
			r := newLayoutRun(t)
			t.Log(r.build(t, "-var", "name="+name))
			m := r.manifestOf(t, "node.raw")
			assert.True(t, m.Verified)
			require.Len(t, m.Boots, 1)
			assert.Equal(t, firmware, m.Boots[0].Firmware)

			raw := r.output() + "/node.raw"
			if name == "old" {
				tool(t, "btrfs", "check", "--readonly", partitions(t, raw, 512)[0])
				return
			}
			part := partitions(t, raw, 4096)
			tool(t, "e2fsck", "-fn", part[0])
			tool(t, "fsck.vfat", "-n", part[2])
			tool(t, "e2fsck", "-fn", part[3])
		})
	}
}

// TestGrowRoot boots images on disks that are larger than they: the root, whatever its file system, fills them.
func TestGrowRoot(t *testing.T) {
	binary, err := qemu.Find(t.Context(), "amd64")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		number int // of the root
		// size reads the file system's, in blocks of 4 KiB.
		size []string
	}{
		"common": {1, []string{"sh", "-euc", `dumpe2fs -h "$0" 2>/dev/null | sed -n 's/^Block count: *//p'`}},
		"many":   {7, []string{"sh", "-euc", `xfs_db -r -c 'sb 0' -c 'print dblocks' "$0" | sed 's/.* = //'`}},
		"old":    {1, []string{"sh", "-euc", `expr $(btrfs inspect-internal dump-super "$0" | sed -n 's/^total_bytes[^0-9]*//p') / 4096`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLayoutRun(t)
			r.build(t, "-var", "name="+name, "-var", "verify_boot=false")
			n := node{name: name, dir: t.TempDir(), format: "raw"}
			n.disk = filepath.Join(n.dir, "disk.raw")
			tool(t, "cp", "--sparse=always", r.output()+"/node.raw", n.disk)
			tool(t, "qemu-img", "resize", "-q", "-f", "raw", n.disk, "+2G")
			state, err := n.boot(t.Context(), binary)
			require.NoError(t, err)
			assert.Equal(t, "running", state)

			var table struct {
				PartitionTable struct {
					Partitions []struct{ Size int64 }
				}
			}
			require.NoError(t, json.Unmarshal([]byte(tool(t, "sfdisk", "--json", n.disk)), &table))
			sectors := table.PartitionTable.Partitions[c.number-1].Size
			root := partitions(t, n.disk, 512)[c.number-1]
			var blocks int64
			require.NoError(t, json.Unmarshal([]byte(tool(t, c.size[0], append(c.size[1:], root)...)), &blocks))
			assert.InDelta(t, sectors/8, blocks, 2)
			before := partitions(t, r.output()+"/node.raw", 512)[c.number-1]
			var old int64
			require.NoError(t, json.Unmarshal([]byte(tool(t, c.size[0], append(c.size[1:], before)...)), &old))
			assert.Greater(t, blocks, old+(1900<<20)/4096)
		})
	}
}

// TestControllers boots one image as a disk on each of the controllers that bare metal has.
func TestControllers(t *testing.T) {
	binary, err := qemu.Find(t.Context(), "amd64")
	require.NoError(t, err)
	r := newLayoutRun(t)
	r.editFile(t, "layouts.yaml", "linux-image-cloud-amd64", "linux-image-amd64")
	r.build(t, "-var", "name=common", "-var", "verify_boot=false")
	for name, controller := range map[string][]string{
		"SATA": {"-device", "ide-hd,drive=root,bootindex=1"},
		"NVMe": {"-device", "nvme,drive=root,serial=root,bootindex=1"},
		"USB":  {"-device", "qemu-xhci", "-device", "usb-storage,drive=root,bootindex=1"},
	} {
		t.Run(name, func(t *testing.T) {
			n := node{name: name, dir: t.TempDir(), format: "raw", controller: controller}
			n.disk = filepath.Join(n.dir, "disk.raw")
			tool(t, "cp", "--sparse=always", r.output()+"/node.raw", n.disk)
			state, err := n.boot(t.Context(), binary)
			require.NoError(t, err)
			assert.Equal(t, "running", state)
		})
	}
}
