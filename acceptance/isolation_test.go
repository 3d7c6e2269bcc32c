//go:build acceptance

package acceptance

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestExample builds the example and boots it in both firmwares.
func TestExample(t *testing.T) {
	r := newExample(t, sharedCache(t))
	t.Log(r.build(t, "-var", "isolation=namespace"))
	manifest := r.manifest(t)
	assert.Equal(t, "namespace", manifest.Isolation.Kind)
	assert.NotEmpty(t, manifest.Isolation.Reason)
	assert.True(t, manifest.Verified)
	assert.Len(t, manifest.Boots, 2)
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
