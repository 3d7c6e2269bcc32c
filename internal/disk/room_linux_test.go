package disk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// TestRoom makes file systems in the smallest partitions that are let through: none may fail half way.
func TestRoom(t *testing.T) {
	m, _ := machinetest.Start(t)
	trees := map[string]string{
		"large files": "for i in 1 2 3 4 5 6; do head -c 60M /dev/urandom >$i; done",
		"small files": "for i in $(seq 60); do mkdir -p d$i; for j in $(seq 100); do echo $j >d$i/a-file-with-a-name-$j; done; done; ln -s $(printf '%0200d' 1) long",
		"holes":       "truncate -s 3G hole; head -c 5M /dev/urandom >some; ln some other",
	}
	for name, script := range trees {
		machinetest.Shell(t, m, "rm -rf /target/* ; cd /target; "+script)
		for _, filesystem := range []string{"ext4", "xfs", "btrfs", "vfat"} {
			if name == "holes" && (filesystem == "btrfs" || filesystem == "vfat") || name == "small files" && filesystem == "vfat" {
				continue // these count holes, links are not vfat's
			}
			t.Run(filesystem+" of "+name, func(t *testing.T) {
				a := assembly{machine: m, plan: smallest(t, m, filesystem), report: t.Logf}
				p := a.plan.Disk.Partitions[0]
				t.Logf("%d MiB", p.Size>>20)
				require.NoError(t, m.NewDisk(t.Context(), p.Start+p.Size+1<<20))
				require.NoError(t, a.filesystems(t.Context()))
			})
		}
	}
}

// smallest is a plan of one partition, of the least size that room lets through.
func smallest(t *testing.T, m machine.Machine, filesystem string) plan.Plan {
	t.Helper()
	p := examplePlan(t)
	size := map[string]int64{"ext4": 16, "vfat": 64, "xfs": 300, "btrfs": 128}[filesystem] << 20
	for {
		p.Disk.Partitions = []plan.Partition{{
			Number: 1, Start: 1 << 20, Size: size, Mount: &plan.Mount{Path: "/"},
			Filesystem: &plan.Filesystem{Type: filesystem, UUID: "12345678-1234-8123-8123-123456789abc", HashSeed: "12345678-1234-8123-8123-123456789abd"},
		}}
		if filesystem == "vfat" {
			p.Disk.Partitions[0].Filesystem.UUID = "1234-5678"
		}
		a := assembly{machine: m, plan: p, report: t.Logf}
		require.NoError(t, a.mountPoints(t.Context()))
		c, err := a.content(t.Context(), p.Disk.Partitions[0])
		require.NoError(t, err)
		own, inodes, err := a.overhead(t.Context(), p.Disk.Partitions[0], c)
		require.NoError(t, err)
		assert.Greater(t, own, int64(1<<20))
		if tight(p.Disk.Partitions[0], c, own, inodes) == "" {
			return p
		}
		size += max(1<<20, (own+c.bytes-size)>>20<<20)
	}
}

func TestTight(t *testing.T) {
	p := plan.Partition{Size: 100 << 20, Mount: &plan.Mount{Path: "/var"}, Filesystem: &plan.Filesystem{Type: "ext4"}}
	assert.Empty(t, tight(p, content{files: 10, bytes: 90 << 20}, 10<<20, 10))
	assert.Equal(t, "ext4 on /var has 100 MiB and its content of 91 MiB needs 101 MiB: make the partition, or qcow_capacity where the layout is the default, larger by 1 MiB at least",
		tight(p, content{files: 10, bytes: 91 << 20}, 10<<20, 10))
	assert.Equal(t, "ext4 on /var has room for 1000 files in 100 MiB and its content has 2500: make the partition larger, 250 MiB at least, or take xfs or btrfs",
		tight(p, content{files: 2500, bytes: 1 << 20}, 10<<20, 1000))
	assert.Empty(t, tight(p, content{files: 2500, bytes: 1 << 20}, 10<<20, 0))
}

func TestReadContent(t *testing.T) {
	c, err := readContent(strings.Join([]string{
		"d 60 0 3 1:1 .", "f 5000 16 1 1:2 a b", "f 5000 16 2 1:3 c", "f 5000 16 2 1:3 d", "f 1000000 8 1 1:4 hole", "l 70 0 1 1:5 long", "l 5 0 1 1:6 short", "p 0 0 1 1:7 pipe",
	}, "\x00") + "\x00")
	require.NoError(t, err)
	assert.EqualValues(t, 7, c.files)
	assert.EqualValues(t, 3*8192+1003520, c.apparent)
	const plain = 4096 + 8192 + 8192 + 4096 + 4096
	assert.EqualValues(t, plain+4096+plain/200, c.bytes)
	for _, broken := range []string{"f", "f x 0 1 1:1 a", "f 1 x 1 1:1 a"} {
		_, err := readContent(broken)
		require.Error(t, err, fmt.Sprint(broken))
	}
}
