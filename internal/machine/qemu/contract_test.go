package qemu_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
)

func TestMachineContract(t *testing.T) {
	machinetest.Contract(t, func(t *testing.T, w machinetest.Wants) machine.Machine {
		config := machinetest.QEMU(t)
		config.Proxies, config.CABundle = w.Proxies, w.CABundle
		return machinetest.StartQEMU(t, config)
	})
}

// TestForeign starts a machine of the other architecture. Whole images of it take too long for every
// run: make test-all builds one.
func TestForeign(t *testing.T) {
	architecture, name := "arm64", "aarch64"
	if runtime.GOARCH == "arm64" {
		architecture, name = "amd64", "x86_64"
	}
	config := machinetest.QEMUOf(t, architecture)
	config.CPUs = 1
	m := machinetest.StartQEMU(t, config)
	require.NoError(t, m.NewDisk(t.Context(), 8<<20))
	var out bytes.Buffer
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{"sh", "-euc", "uname -m; mke2fs -q -F -t ext4 " + machine.Disk + "; date +%Y"}, Stdout: &out,
	}))
	assert.Regexp(t, name+`\n20[2-9][0-9]\n`, out.String())
	disk, err := m.PowerOff(t.Context())
	require.NoError(t, err)
	assert.FileExists(t, disk)
}
