//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newLayoutRun has the template and the profiles of disks of several layouts.
func newLayoutRun(t *testing.T) run {
	t.Helper()
	r := newRun(t, sharedCache(t))
	r.dir, r.name = t.TempDir(), "layouts"
	for _, name := range []string{"layouts.pkr.hcl", "layouts.yaml"} {
		tool(t, "cp", filepath.Join("testdata", name), r.dir)
	}
	return r
}

// partitions of a raw disk with sectors of so many bytes, each as a file of its own.
func partitions(t *testing.T, raw string, sector int64) []string {
	t.Helper()
	const unit = 512 // partx counts in these, whatever a sector has
	var files []string
	table := tool(t, "partx", "--raw", "--noheadings", "--output", "NR,START,SECTORS", "--sector-size", fmt.Sprint(sector), raw)
	for line := range strings.Lines(table) {
		var number, start, size int64
		_, err := fmt.Sscan(line, &number, &start, &size)
		require.NoError(t, err, line)
		file := filepath.Join(t.TempDir(), fmt.Sprint(number))
		tool(t, "dd", "if="+raw, "of="+file, "bs=1M", "conv=sparse", "iflag=skip_bytes,count_bytes,fullblock",
			fmt.Sprintf("skip=%d", start*unit), fmt.Sprintf("count=%d", size*unit))
		require.NoError(t, os.Truncate(file, size*unit))
		files = append(files, file)
	}
	return files
}

// TestLayouts builds a disk with every file system that there is, and boots it in make test-all. Each is checked by its own tool.
func TestLayouts(t *testing.T) {
	r := newLayoutRun(t)
	t.Log(r.build(t, "-var", "name=many", "-var", "verify_boot="+bootsToo))
	m := r.manifestOf(t, "node.raw")
	assert.Equal(t, bootsToo == "true", m.Verified)
	assert.Len(t, m.Boots, 2)

	raw := r.output() + "/node.raw"
	tool(t, "sgdisk", "--verify", raw)
	part := partitions(t, raw, 512)
	tool(t, "fsck.vfat", "-n", part[1])
	tool(t, "btrfs", "check", "--readonly", part[3])
	tool(t, "xfs_repair", "-n", part[4])
	tool(t, "e2fsck", "-fn", part[5])
	tool(t, "xfs_repair", "-n", part[6])
	for i, label := range map[int]string{1: "ESP", 2: "swap0", 3: "var", 4: "log", 5: "home", 6: "system"} {
		assert.Equal(t, label+"\n", tool(t, "blkid", "-o", "value", "-s", "LABEL", part[i]))
	}
	assert.Equal(t, "swap\n", tool(t, "blkid", "-o", "value", "-s", "TYPE", part[2]))
	inode := func(file, path string) string {
		return tool(t, "xfs_db", "-r", "-c", "path "+path, "-c", "print core.mode core.uid", file)
	}
	assert.Contains(t, inode(part[6], "/tmp"), "core.mode = 041777")
	assert.Contains(t, inode(part[4], "/own"), "core.mode = 041770")
	assert.Contains(t, inode(part[6], "/usr/bin/su"), "core.mode = 0104755")
	assert.Contains(t, tool(t, "xfs_db", "-r", "-c", "path /usr/bin/ping", "-c", "print", part[6]), `= "capability"`)

	// Content is as small as the layout allows.
	used := strings.Fields(tool(t, "du", "--block-size=1M", raw))[0]
	t.Logf("%s MiB of a disk of 6 GiB", used)
}

// TestLayoutMistakes wants a layout that cannot hold its content, or that the kernel cannot mount, to be told before the
// packages are installed.
func TestLayoutMistakes(t *testing.T) {
	r := newLayoutRun(t)
	r.editFile(t, "layouts.yaml", "qcow_capacity: 3G", "qcow_capacity: 300M")
	words := said(r.fails(t, "build", "-var", "name=old"))
	assert.Contains(t, words, "layouts.yaml:32:20: spec.storage.qcow_capacity: the packages take ")
	assert.NotContains(t, words, "Installing the packages")
	assert.NoDirExists(t, r.output())

	// What packages say does not tell which partition is too small; the tree does, before a file system is made.
	r = newLayoutRun(t)
	r.editFile(t, "layouts.yaml", "/var, size: 1GiB", "/var, size: 130MiB")
	r.editFile(t, "layouts.pkr.hcl", "mkdir -p", "head -c 100M /dev/zero > /var/large; mkdir -p")
	words = said(r.fails(t, "build", "-var", "name=many", "-var", "verify_boot=false"))
	assert.Contains(t, words, "layouts.yaml:21:9: spec.storage.partitions[3]: btrfs on /var has 130 MiB and its content of ")
	assert.NoDirExists(t, r.output())
}
