//go:build acceptance

package acceptance

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestExample builds the example from one lock twice in a namespace and once in a virtual machine with
// software emulation, which is booted. All three must be one file.
func TestExample(t *testing.T) {
	first := newExample(t, sharedCache(t))
	lock := filepath.Join(first.dir, "lock.json")
	first.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false", "-var", "lock_file="+lock)
	again := newExample(t, sharedCache(t))
	again.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false", "-var", "lock_file="+lock)
	same(t, first, again)

	virtual := newExample(t, sharedCache(t))
	// Too little to have the root filesystem in memory, as the namespaces have it: it is on a disk.
	virtual.editFile(t, "airship.pkr.hcl", "var.isolation\n", "var.isolation\n  memory = 1500\n")
	said := virtual.build(t, "-var", "isolation=qemu", "-var", "accelerator=tcg", "-var", "lock_file="+lock)
	t.Log(said)
	assert.Contains(t, said, "Building in a virtual machine, QEMU ")
	manifest := virtual.manifest(t)
	assert.Equal(t, "qemu", manifest.Isolation.Kind)
	assert.Equal(t, "tcg", manifest.Isolation.Accelerator)
	assert.NotEmpty(t, manifest.Isolation.Reason)
	assert.Equal(t, "namespace", first.manifest(t).Isolation.Kind)
	assert.True(t, manifest.Verified)
	assert.Len(t, manifest.Boots, 2)
	same(t, first, virtual)
}

// same wants two runs to have given the same bytes, and has diffoscope say where they differ.
func same(t *testing.T, a, b run) {
	t.Helper()
	if a.manifest(t).Images[0].SHA256 == b.manifest(t).Images[0].SHA256 {
		return
	}
	var trees []string
	for _, r := range []run{a, b} {
		raw := filepath.Join(t.TempDir(), "disk.raw")
		tool(t, "qemu-img", "convert", "-O", "raw", r.image(), raw)
		tree := t.TempDir()
		tool(t, "debugfs", "-R", "rdump / "+tree, partition(t, raw, 1))
		// What lies before the root: tables, boot sectors, the ESP, /boot.
		tool(t, "dd", "if="+raw, "of="+filepath.Join(tree, "before-the-root"), "bs=1M", "count=1284", "conv=sparse")
		trees = append(trees, tree)
	}
	// It ends with status 1 where it finds a difference; there may be none but in the file systems themselves.
	found, err := exec.Command("diffoscope", "--text", "-", "--max-report-size", "20000", trees[0], trees[1]).CombinedOutput()
	t.Fatalf("%s and %s were built from one lock and differ (diffoscope: %v):\n%s", a.image(), b.image(), err, found)
}
