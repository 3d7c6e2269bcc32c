package machinetest

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

// Boot is what a QEMU machine of an architecture starts from, out of the same cache as Toolbox.
func Boot(t *testing.T, architecture string) toolbox.Boot {
	t.Helper()
	options, done := toolboxOptions(t)
	defer done()
	options.Architecture = architecture
	boot, err := toolbox.EnsureBoot(t.Context(), options)
	require.NoError(t, err)
	return boot
}

// QEMU is the config of a machine under software emulation, which every host can run, with a work
// directory that ends with the test.
func QEMU(t *testing.T) qemu.Config {
	t.Helper()
	return QEMUOf(t, runtime.GOARCH)
}

// QEMUOf is QEMU for a machine of an architecture, Debian's name.
func QEMUOf(t *testing.T, architecture string) qemu.Config {
	t.Helper()
	boot := Boot(t, architecture)
	binary, err := qemu.Find(t.Context(), architecture)
	require.NoError(t, err)
	return qemu.Config{
		Binary: binary, Accelerator: qemu.Accelerator{Name: qemu.TCG},
		Kernel: boot.Kernel, Initramfs: boot.Initramfs, Work: t.TempDir(),
		Memory: 1536 << 20, Log: t.Logf,
	}
}

// StartQEMU starts a machine of a config from QEMU, which ends with the test.
func StartQEMU(t *testing.T, config qemu.Config) *qemu.Machine {
	t.Helper()
	m, err := qemu.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}
