//go:build acceptance && slow

package acceptance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestForeign builds for another architecture, which takes the better part of an hour without
// hardware acceleration: only make test-all has the tag slow.
func TestForeign(t *testing.T) {
	r := newRun(t, sharedCache(t))
	r.edit(t, "linux-image-cloud-amd64", "linux-image-cloud-arm64")
	r.edit(t, "ttyS0,115200n8", "ttyAMA0")
	r.edit(t, "spec:\n", "spec:\n  architecture: arm64\n")
	said := r.build(t, "-var", "verify_boot=true")
	t.Log(said)
	manifest := r.manifest(t)
	require.Equal(t, "qemu", manifest.Isolation.Kind)
	assert.True(t, manifest.Verified)
	assert.Len(t, manifest.Boots, 1, "arm64 has UEFI alone")
}
