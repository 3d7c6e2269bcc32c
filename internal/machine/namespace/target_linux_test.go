package namespace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
)

// TestMachineTarget makes Debian 12's smallest system with mmdebstrap and opens it.
func TestMachineTarget(t *testing.T) {
	m, _ := machinetest.Start(t)
	machinetest.Shell(t, m, "mount -t tmpfs -o mode=755 tmpfs /target")
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{
		"mmdebstrap", "--mode=root", "--variant=minbase", "--include=sudo",
		"bookworm", machine.Target, machinetest.Mirror(t).Main,
	}}))
	t.Run("Debian's own programs", func(t *testing.T) {
		require.NoError(t, m.WriteFile(t.Context(), "/target/etc/hosts", 0o644, []byte("127.0.0.1 localhost\n")))
		undo, err := m.OpenTarget(t.Context())
		require.NoError(t, err)
		assert.Regexp(t, `^12\.`, machinetest.Chrooted(t, m, "cat /etc/debian_version; apt-get --version; dpkg --version"))
		client := machinetest.LogIn(t, m, machine.TargetDoor)
		assert.Equal(t, "12 0", machinetest.Remote(t, client, `. /etc/os-release; echo $VERSION_ID $(id -u)`, nil))
		assert.Equal(t, "root", machinetest.Remote(t, client, "sudo -n id -un", machinetest.Terminal))
		assert.Equal(t, "daemon", machinetest.Remote(t, client, "sudo -n -u daemon id -un", nil))
		require.NoError(t, undo(t.Context()))
	})
	machinetest.Target(t, m)
}
