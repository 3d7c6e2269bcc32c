//go:build acceptance && slow

package acceptance

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestForeign builds for another architecture: a root filesystem, since a disk with its kernel takes the better part of an hour without
// hardware acceleration.
func TestForeign(t *testing.T) {
	r := newRun(t, sharedCache(t))
	r.edit(t, "  osKernel:\n    kernel_base_pkg: linux-image-cloud-amd64\n", "  osKernel:\n")
	r.edit(t, "[cloud-init, openssh-server, netplan.io, iproute2, sudo, ca-certificates]", "[openssh-server, sudo, python3]")
	r.edit(t, "spec:\n", "spec:\n  architecture: arm64\n")
	r.editFile(t, "build.pkr.hcl", "  profile_yaml      =", "  action            = \"build-root\"\n  profile_yaml      =")
	r.editFile(t, "build.pkr.hcl", "  qcow2_compression = var.compression\n", "")
	said := r.build(t, "-var", "isolation=auto")
	t.Log(said)
	archive := filepath.Join(r.output(), "node.tar.zst")
	require.Equal(t, "qemu", r.manifestOf(t, "node.tar.zst").Isolation.Kind)
	assert.Contains(t, tool(t, "sh", "-euc", "cd '"+t.TempDir()+"' && tar --extract --zstd --file '"+archive+"' ./usr/bin/dpkg && file ./usr/bin/dpkg"), "aarch64")
}
