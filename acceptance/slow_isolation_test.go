//go:build acceptance && slow

package acceptance

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestExampleVirtual builds the example from one lock in a namespace and in a virtual machine with software emulation.
// Both must be one file.
func TestExampleVirtual(t *testing.T) {
	first := newExample(t, sharedCache(t))
	lock := filepath.Join(first.dir, "lock.json")
	first.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false", "-var", "lock_file="+lock)
	virtual := newExample(t, sharedCache(t))
	// Too little to have the root filesystem in memory, as the namespaces have it: it is on a disk.
	virtual.editFile(t, "airship.pkr.hcl", "var.isolation\n", "var.isolation\n  memory = 1500\n")
	said := virtual.build(t, "-var", "isolation=qemu", "-var", "accelerator=tcg", "-var", "verify_boot=false", "-var", "lock_file="+lock)
	t.Log(said)
	assert.Contains(t, said, "Building in a virtual machine, QEMU ")
	manifest := virtual.manifest(t)
	assert.Equal(t, "qemu", manifest.Isolation.Kind)
	assert.Equal(t, "tcg", manifest.Isolation.Accelerator)
	assert.NotEmpty(t, manifest.Isolation.Reason)
	same(t, first, virtual)
}
