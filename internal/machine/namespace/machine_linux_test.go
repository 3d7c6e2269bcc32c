package namespace_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMachineContract(t *testing.T) {
	machinetest.Contract(t, func(t *testing.T, w machinetest.Wants) machine.Machine {
		m, _ := machinetest.StartWith(t, namespace.Config{Proxies: w.Proxies, CABundle: w.CABundle})
		return m
	})
}

func TestMachineAsksTheHostsNameServers(t *testing.T) {
	m, _ := machinetest.Start(t)
	host, err := os.ReadFile("/etc/resolv.conf")
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(host)), machinetest.Output(t, m, "cat", "/etc/resolv.conf"))
}

func TestMachineLeavesNothing(t *testing.T) {
	before, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	m, work := machinetest.Start(t)
	space := machinetest.Output(t, m, "readlink", "/proc/self/ns/pid")
	go func() { _ = m.Run(context.Background(), machine.Command{Args: []string{"setsid", "sleep", "1000"}}) }()
	require.Eventually(t, func() bool { return len(pidsIn(t, space)) >= 3 }, 5*time.Second, 20*time.Millisecond)
	access := m.Access()
	require.NoError(t, m.Close())
	assert.Empty(t, pidsIn(t, space))
	assert.NoFileExists(t, access.Address)
	assert.NoFileExists(t, access.KeyFile)
	left, err := os.ReadDir(work)
	require.NoError(t, err)
	assert.Len(t, left, 3, "scratch, target and output are the caller's")
	after, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	require.Error(t, m.Run(t.Context(), machine.Command{Args: []string{"true"}}))
	_, err = m.Dial(t.Context(), machine.Toolbox)
	require.Error(t, err)
	require.NoError(t, m.Close(), "twice")
}

func TestMachineWithoutAToolbox(t *testing.T) {
	mapping, err := userns.Detect(t.Context())
	require.NoError(t, err)
	work := t.TempDir()
	_, err = namespace.Start(t.Context(), namespace.Config{Toolbox: "/nonexistent", Work: work, Mapping: mapping})
	require.ErrorContains(t, err, "/nonexistent is no toolbox")
}

func TestMachineWithinANamespace(t *testing.T) {
	outer, err := userns.Detect(t.Context())
	require.NoError(t, err)
	toolbox := machinetest.Toolbox(t, outer)
	work, err := os.MkdirTemp("", "airship-work-")
	require.NoError(t, err)
	require.NoError(t, outer.Chown(work))
	defer func() { assert.NoError(t, outer.Remove(t.Context(), work)) }()
	job := userns.Job{Entry: "nested", Namespaces: unix.CLONE_NEWNS, Dir: work}
	if outer.Shifted() {
		fd, err := unix.OpenTree(unix.AT_FDCWD, toolbox, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		require.NoError(t, err)
		tree := os.NewFile(uintptr(fd), toolbox)
		defer tree.Close()
		job.Files, toolbox = []*os.File{tree}, treeAt
	}
	job.Request = []string{toolbox, work}
	var lines []string
	job.Progress = func(line string) { lines = append(lines, line) }
	require.NoError(t, outer.Run(t.Context(), job))
	assert.Equal(t, []string{
		"mapping same", "0", "Read-only file system", "Read-only file system",
	}, lines)
}
