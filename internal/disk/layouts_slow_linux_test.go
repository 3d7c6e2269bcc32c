//go:build slow

package disk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// planOf is examplePlan with the disk of an area storage.
func planOf(t *testing.T, storage v1alpha1.Storage) plan.Plan {
	t.Helper()
	profile := &v1alpha1.NodeProfile{Spec: v1alpha1.NodeProfileSpec{Architecture: "amd64", Storage: storage}}
	disk, err := plan.NewDisk(profile, "test")
	require.NoError(t, err)
	p := examplePlan(t)
	p.Disk = disk
	return p
}

// sized is a partition of a size, mounted in the order of the list.
func sized(order int, mount, size, filesystem, label string, flags ...string) v1alpha1.Partition {
	p := v1alpha1.Partition{Mount: mount, Size: size, MountOrder: order, Flags: flags}
	if filesystem != "" {
		p.Filesystem = &v1alpha1.Filesystem{Type: filesystem, Label: label}
	}
	return p
}

// everyFilesystem is a layout with each file system that there is.
func everyFilesystem() v1alpha1.Storage {
	return v1alpha1.Storage{QcowCapacity: "5G", Partitions: []v1alpha1.Partition{
		sized(0, "none", "2MiB", "", "", "bios_grub"), sized(9, "/boot/efi", "100MiB", "vfat", "ESP", "esp"),
		sized(0, "none", "300MiB", "swap", "swap0"), sized(1, "/var", "600MiB", "btrfs", "var"),
		sized(2, "/srv/my data", "320MiB", "xfs", ""), sized(1, "/home", "64MiB", "ext4", "home"),
		{Mount: "/", PartEnd: "100%", Filesystem: &v1alpha1.Filesystem{Type: "xfs", Label: "root"}},
	}}
}

// awkwardEverywhere makes what a file system might lose on each.
const awkwardEverywhere = `
umask 022
for dir in /target/opt "/target/srv/my data" /target/var/lib /target/home; do
	mkdir -p "$dir/awkward/in a dir"
	cd "$dir/awkward"
	chmod 1777 . "in a dir"
	for name in "a b" "ü" ./-n "back\\slash" 'quo"te'; do
		echo "$name" >"$name"
		ln "$name" "in a dir/$(basename -- "$name").2"
		ln "$name" "$(echo "$name" | tr -d " ")3"
	done
	cp /bin/true setuid
	chown 1000:42 setuid
	chmod 6755 setuid
	python3 -c 'import os
os.setxattr("setuid", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'
	ln -s nowhere dangling
	ln -s "in a dir/a b.2" "to a blank"
	mkfifo -m 0640 pipe
	touch -d @1000000000.123456789 setuid
	touch -h -d @900000000 dangling
	head -c 300000 /dev/urandom >random
	truncate -s 5M sparse
	touch -d @1100000000.5 random sparse ./*3 in* pipe "to a blank" .
done
`

func TestAssembleEveryFilesystem(t *testing.T) {
	p := planOf(t, everyFilesystem())
	m, run := start(t, p)
	run("sh", "-euc", awkwardEverywhere)
	var said strings.Builder
	report := func(format string, args ...any) {
		t.Logf(format, args...)
		fmt.Fprintf(&said, format+"\n", args...)
	}
	require.NoError(t, Assemble(t.Context(), m, p, report))
	assert.Contains(t, said.String(), "xfs on /: hard links become files: opt/awkward/")
	assert.NotContains(t, said.String(), "extended attributes are lost")
	assert.Contains(t, run("sfdisk", "--verify", machine.Disk), "No errors detected")
	slice := func(p plan.Partition) string {
		name := fmt.Sprintf("%s/slice%d", machine.Output, p.Number)
		run("dd", "if="+machine.Disk, "of="+name, "bs=1M", "conv=sparse", "status=none",
			fmt.Sprint("skip=", p.Start>>20), fmt.Sprint("count=", p.Size>>20))
		return name
	}
	sums := map[string]string{}
	for _, partition := range p.Disk.Partitions {
		if partition.Filesystem == nil {
			continue
		}
		f, name := partition.Filesystem, slice(partition)
		for _, want := range [][2]string{{"TYPE", f.Type}, {"UUID", f.UUID}, {"LABEL", f.Label}} {
			if want[1] != "" {
				assert.Equal(t, want[1]+"\n", run("blkid", "-p", "-o", "value", "-s", want[0], name), "%s of %s", want[0], name)
			}
		}
		if check, ok := map[string][]string{
			"ext4": {"e2fsck", "-f", "-n"}, "vfat": {"fsck.vfat", "-n"}, "xfs": {"xfs_repair", "-n", "-f"}, "btrfs": {"btrfs", "check"},
		}[f.Type]; ok {
			run(append(check, name)...)
		}
		allocated := run("du", "--block-size=1K", name)
		t.Logf("%s: %s KiB of %d", f.Type, strings.Fields(allocated)[0], partition.Size>>10)
		if f.Type != "btrfs" && f.Type != "swap" {
			sums[name] = run("sha256sum", name)
		}
	}
	compareMounted(t, p, m, run)

	require.NoError(t, Assemble(t.Context(), m, p, t.Logf))
	for _, partition := range p.Disk.Mounts() {
		name := slice(partition)
		if want, same := sums[name]; same {
			assert.Equal(t, want, run("sha256sum", name), "%s is not the same a second time", partition.Mount.Path)
		}
	}
}

// compareMounted has this host's kernel read what was made, where it can: root alone may mount.
func compareMounted(t *testing.T, p plan.Plan, m machine.Machine, run func(args ...string) string) {
	t.Helper()
	image, dir := imageFile(t, m), t.TempDir()
	for _, partition := range p.Disk.Mounts() {
		mount := exec.Command("mount", "-o", fmt.Sprintf("loop,ro,offset=%d,sizelimit=%d", partition.Start, partition.Size), image, dir)
		if out, err := mount.CombinedOutput(); err != nil {
			t.Logf("%s is not compared: %s", partition.Mount.Path, out)
			continue
		}
		if partition.Filesystem.Type != "vfat" {
			compareTree(t, p, partition, dir, run)
		}
		require.NoError(t, exec.Command("umount", dir).Run())
	}
}

// listTree prints what a file system must keep of each file of the current directory but those that other file systems
// hold: kind, mode, owners, links and size, time, path, target. The links and size of a directory are its file system's own.
const listTree = `
find . \( -path ./boot/efi -o -path ./var -o -path ./home -o -path "./srv/my data" -o -path ./lost+found \) -prune -o \
	-type d -printf 'd %m %U %G - - %T@ %P\n' -o -printf '%y %m %U %G %n %s %T@ %P -> %l\n'
find . \( -path ./boot/efi -o -path ./var -o -path ./home -o -path "./srv/my data" -o -path ./lost+found \) -prune -o \
	-type f -exec sha256sum -- {} +
`

// listedTime is the time of a line of listTree.
var listedTime = regexp.MustCompile(`(?m)^(\w \d+ \d+ \d+ \S+ \S+) (\d+)(\.\d+) `)

// someLinks is a line of a file of several names, of which xfs.py can join some alone.
var someLinks = regexp.MustCompile(`(?m)^(f) (\d+ \d+ \d+) \d+ (.*awkward/.*)`)

// compareTree compares a file system that is mounted at dir with its part of the tree.
func compareTree(t *testing.T, p plan.Plan, partition plan.Partition, dir string, run func(args ...string) string) {
	t.Helper()
	lines := func(text string) []string {
		text = listedTime.ReplaceAllStringFunc(text, func(line string) string {
			parts := listedTime.FindStringSubmatch(line)
			seconds, fraction := parts[2], parts[3]
			if at, err := strconv.ParseInt(seconds, 10, 64); err == nil && at >= p.Epoch {
				seconds, fraction = fmt.Sprint(p.Epoch), ".0000000000" // a finalised tree has nothing that is newer
			}
			if partition.Filesystem.Type != "xfs" {
				fraction = ".0000000000" // mke2fs and mkfs.btrfs copy seconds alone
			}
			return parts[1] + " " + seconds + fraction + " "
		})
		if partition.Filesystem.Type == "xfs" {
			text = someLinks.ReplaceAllString(text, "$1 $2 - $3")
		}
		all := strings.Split(text, "\n")
		slices.Sort(all)
		return all
	}
	const script = `cd "$1"` + listTree
	command := exec.Command("sh", "-euc", script, "sh", dir)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := command.Output()
	require.NoError(t, err)
	got, want := lines(string(out)), lines(run("sh", "-euc", script, "sh", filepath.Join(machine.Target, partition.Mount.Path)))
	assert.Greater(t, len(want), 2)
	assert.Equal(t, want, got, partition.Mount.Path)
	assert.Regexp(t, `(?m)^f 644 0 0 3 3 1100000000\S* \S*awkward/ü3 -> $`, string(out), "hard links")
}
