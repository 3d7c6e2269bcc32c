package disk

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// start starts a machine with a Debian root filesystem at /target and what the rootfs room would
// write there. run runs a program inside and returns its output.
func start(t *testing.T, p plan.Plan) (m machine.Machine, run func(args ...string) string) {
	t.Helper()
	m, _ = machinetest.Start(t)
	run = func(args ...string) string {
		var out bytes.Buffer
		require.NoError(t, m.Run(t.Context(), machine.Command{Args: args, Stdout: &out}), "%s", &out)
		return out.String()
	}
	machinetest.UnpackTree(t, m, debianTree(t))
	require.NoError(t, m.WriteFile(t.Context(), machine.Target+"/etc/fstab", 0o644, []byte(p.Disk.Fstab())))
	require.NoError(t, m.WriteFile(t.Context(), machine.Target+"/etc/default/grub", 0o644, []byte(plan.GrubDefault(p.Target, p.System))))
	return m, run
}

func TestAssembleTwice(t *testing.T) {
	p := examplePlan(t)
	first, run := start(t, p)
	run("sh", "-euc", awkwardFiles)
	require.NoError(t, Assemble(t.Context(), first, p, t.Logf))
	assert.Empty(t, run("find", "/target/dev", "/target/proc", "/target/sys", "/target/run", "/target/tmp", "-mindepth", "1", "-newer", "/target/etc/fstab"),
		"traces of the assembly")
	verify(t, p, run)

	// The same tree, read at other times, with other numbers for its files, in an image that is made
	// a second time.
	second, again := start(t, p)
	again("sh", "-euc", "cp -a /target/usr/share /target/share; rm -rf /target/usr/share; mv /target/share /target/usr")
	again("sh", "-euc", awkwardFiles)
	require.NoError(t, Assemble(t.Context(), second, p, t.Logf))
	again("sh", "-euc", "find /target/usr/bin -type f -exec touch -a -d @1000 {} +")
	require.NoError(t, Assemble(t.Context(), second, p, t.Logf))
	assert.Equal(t, run("sha256sum", machine.Disk), again("sha256sum", machine.Disk))
}

// verify checks the image with the tools of each format.
func verify(t *testing.T, p plan.Plan, run func(args ...string) string) {
	t.Helper()
	t.Log(run("du", "-h", machine.Disk))
	assert.Contains(t, run("sfdisk", "--verify", machine.Disk), "No errors detected")
	for _, partition := range p.Disk.Mounts() {
		slice := machine.Output + "/slice"
		run("dd", "if="+machine.Disk, "of="+slice, "bs=1M", "conv=sparse", "status=none",
			fmt.Sprint("skip=", partition.Start>>20), fmt.Sprint("count=", partition.Size>>20))
		check := []string{"e2fsck", "-f", "-n", slice}
		if partition.Filesystem.Type == "vfat" {
			check = []string{"fsck.vfat", "-n", "-v", slice}
		}
		t.Log(run(check...))
		switch partition.Mount.Path {
		case "/":
			assert.Empty(t, names(run("debugfs", "-R", "ls -p /boot", slice)), "/boot holds what belongs on another partition")
			assert.Contains(t, run("debugfs", "-R", "stat /opt/awkward", slice), "Mode:  01777")
			assert.Contains(t, run("debugfs", "-R", "stat /opt/awkward/hard", slice), "Links: 2")
			assert.Contains(t, run("debugfs", "-R", "cat /etc/fstab", slice), p.Disk.Fstab())
		case "/boot":
			assert.Contains(t, names(run("debugfs", "-R", "ls -p /", slice)), "grub")
			assert.Empty(t, names(run("debugfs", "-R", "ls -p /efi", slice)))
			root := run("debugfs", "-R", "stat /", slice)
			assert.Contains(t, root, "Mode:  0710", "the mount point's")
			assert.Regexp(t, `User: +0 +Group: +7`, root)
		case "/boot/efi":
			listing := run("mdir", "-/", "-b", "-i", slice, "::")
			assert.Contains(t, listing, "::/EFI/BOOT/BOOTX64.EFI\n")
			assert.Contains(t, listing, "::/a dir/Long file name.txt\n")
			assert.Contains(t, run("mtype", "-i", slice, "::EFI/debian/grub.cfg"), "configfile $prefix/grub.cfg\n")
		}
		if partition.Filesystem.Type == "ext4" {
			header := run("dumpe2fs", "-h", slice)
			assert.NotRegexp(t, "orphan_file|metadata_csum_seed", header)
			assert.Contains(t, header, partition.Filesystem.UUID)
		}
		run("rm", slice)
	}
}

// names are those in a listing of debugfs' ls -p, without lost+found and the directory's own.
func names(listing string) []string {
	var all []string
	for line := range strings.Lines(listing) {
		if columns := strings.Split(line, "/"); len(columns) > 5 && !slices.Contains([]string{".", "..", "lost+found"}, columns[5]) {
			all = append(all, columns[5])
		}
	}
	return all
}

// awkwardFiles makes names, links, modes and times that a file system might lose.
const awkwardFiles = `
umask 022
mkdir -p /target/opt/awkward "/target/boot/efi/a dir"
chmod 1777 /target/opt/awkward
chmod 0710 /target/boot
chgrp 7 /target/boot
cd /target/opt/awkward
for name in "a b" "ü" ./-n "back\\slash" "line
break"; do
	echo text >"$name"
done
ln "ü" hard
ln -s nowhere dangling
cd "/target/boot/efi/a dir"
echo text >"Long file name.txt"
echo text >"\$odd;"
`
