package qemu

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaultMemory(t *testing.T) {
	const gib = 1 << 30
	for available, want := range map[int64]int64{
		0:         3 * gib, // unknown
		1 * gib:   gib * 3 / 4,
		2 * gib:   2 * gib * 3 / 4,
		4 * gib:   3 * gib,
		8 * gib:   3 * gib,
		16 * gib:  4 * gib,
		32 * gib:  8 * gib,
		512 * gib: 8 * gib,
	} {
		assert.Equal(t, want, DefaultMemory(available), "%d GiB", available/gib)
	}
}

func TestConfigRefuses(t *testing.T) {
	dir := t.TempDir()
	toolbox := filepath.Join(dir, "initramfs")
	require.NoError(t, os.WriteFile(toolbox, nil, 0o600))
	require.NoError(t, os.Truncate(toolbox, 400*mib))
	good := Config{Initramfs: toolbox, Work: dir, Memory: 1500 * mib}

	for _, c := range []struct {
		name      string
		change    func(*Config)
		available int64
		want      string
	}{
		{"little memory", func(c *Config) { c.Memory = 1000 * mib }, 0, "memory is 1000 MiB: a virtual machine needs at least 1312"},
		{"negative memory", func(c *Config) { c.Memory = -mib }, 0, "memory is -1 MiB: "},
		{"more than there is", func(*Config) {}, 1400 * mib, "memory is 1500 MiB: this host has only 1400 available"},
		{
			"a small host", func(c *Config) { c.Memory = 0 }, 1400 * mib,
			"this host has 1400 MiB of memory available and a virtual machine needs at least 1312",
		},
		{"processors", func(c *Config) { c.CPUs = -1 }, 0, "cpus is -1: want a number of processors"},
		{"scratch", func(c *Config) { c.Scratch = -1 }, 0, "the scratch disk has -1 bytes"},
		{"no toolbox", func(c *Config) { c.Initramfs = filepath.Join(dir, "none") }, 0, "the toolbox: "},
		{"no work directory", func(c *Config) { c.Work = filepath.Join(dir, "none") }, 0, "none"},
		{"a file to work in", func(c *Config) { c.Work = toolbox }, 0, "is no directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := good
			c.change(&config)
			_, err := config.withDefaults(c.available)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	dir := t.TempDir()
	toolbox := filepath.Join(dir, "initramfs")
	require.NoError(t, os.WriteFile(toolbox, nil, 0o600))
	t.Chdir(dir)
	got, err := Config{Initramfs: toolbox, Work: ".", Accelerator: Accelerator{Name: KVM}}.withDefaults(32 << 30)
	require.NoError(t, err)
	assert.Equal(t, int64(8<<30), got.Memory)
	assert.Positive(t, got.CPUs)
	assert.LessOrEqual(t, got.CPUs, maxCPUs)
	assert.Equal(t, int64(defaultScratch), got.Scratch)
	assert.True(t, filepath.IsAbs(got.Work), "QEMU may be started elsewhere")
	emulated, err := Config{Initramfs: toolbox, Work: "."}.withDefaults(0)
	require.NoError(t, err)
	assert.Less(t, got.patience.start, emulated.patience.start)
	got.Log("nobody listens")
}
