package qemu_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
)

// log keeps what a machine's start says.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func TestMachineDiesBeforeItIsReady(t *testing.T) {
	t.Parallel()
	var said log
	c := config(t)
	c.Log, c.Memory = said.add, 1<<30
	c.Initramfs = filepath.Join(t.TempDir(), "initramfs")
	require.NoError(t, os.WriteFile(c.Initramfs, []byte("no archive"), 0o600))
	_, err := qemu.Start(t.Context(), c)
	const problem = "the virtual machine's kernel panics: VFS: Unable to mount root fs"
	var end *qemu.EndError
	require.ErrorAs(t, err, &end)
	assert.Contains(t, end.Problem, problem)
	require.ErrorContains(t, err, "start a virtual machine: "+problem)
	require.ErrorContains(t, err, "; its console:\n  ")
	require.Len(t, said.lines, 1, "tried once more")
	assert.Contains(t, said.lines[0], problem)
	assert.Contains(t, said.lines[0], "; once more")
	assertGone(t, c.Work)
}

func TestMachineIsLate(t *testing.T) {
	t.Parallel()
	var said log
	c := config(t).WithPatience(time.Second, time.Minute, time.Minute)
	c.Log = said.add
	_, err := qemu.Start(t.Context(), c)
	var end *qemu.EndError
	require.ErrorAs(t, err, &end)
	assert.Equal(t, "the virtual machine was not ready within 1s", end.Problem)
	assert.Empty(t, said.lines, "as late another time")
	assertGone(t, c.Work)
}

func TestMachineCannotBeSetUp(t *testing.T) {
	t.Parallel()
	var said log
	c := config(t)
	c.Log, c.Scratch = said.add, 4096 // no room for a file system
	_, err := qemu.Start(t.Context(), c)
	var end *qemu.EndError
	require.ErrorAs(t, err, &end)
	assert.Equal(t, "the virtual machine: the machine cannot be set up", end.Problem)
	require.ErrorContains(t, err, "Not enough space to build proposed filesystem")
	assert.Empty(t, said.lines, "the same would happen again")
	assertGone(t, c.Work)
}

func TestStartIsInterrupted(t *testing.T) {
	t.Parallel()
	c := config(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		assert.Eventually(t, func() bool { return len(pids(t, c.Work)) > 0 }, soon, 10*time.Millisecond)
		cancel()
	}()
	_, err := qemu.Start(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "start a virtual machine: context canceled")
	assertGone(t, c.Work)
}

func TestQEMUDoesNotStart(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o700))
	for _, test := range []struct {
		name   string
		change func(*qemu.Config)
		want   string
	}{
		{"no kernel", func(c *qemu.Config) { c.Kernel = text }, "start a virtual machine: QEMU: "},
		{"accelerator", func(c *qemu.Config) { c.Accelerator.Name = "none" }, "start a virtual machine: QEMU: -accel none: invalid accelerator none"},
		{"no program", func(c *qemu.Config) { c.Binary.Path = text }, "start a virtual machine: QEMU: fork/exec " + text + ": exec format error"},
		{"memory", func(c *qemu.Config) { c.Memory = 1 << 50 }, "start a virtual machine: memory is 1073741824 MiB: this host has only "},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(t)
			test.change(&c)
			_, err := qemu.Start(t.Context(), c)
			require.ErrorContains(t, err, test.want)
			assertGone(t, c.Work)
		})
	}
}
