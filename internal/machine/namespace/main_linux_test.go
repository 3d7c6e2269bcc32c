package namespace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
	"github.com/airshipit/packer-plugin-airship/internal/userns/usernstest"
)

// These tests need user namespaces and the mirror of the host's apt sources.

func TestMain(m *testing.M) {
	entries := machinetest.Entries()
	entries["nested"] = nested
	userns.Main(entries)
	if tree := os.Getenv(ownerOf); tree != "" {
		own(tree)
	}
	os.Exit(m.Run())
}

// TestAsUser runs the tests of this room again as an ordinary user. It needs root.
func TestAsUser(t *testing.T) {
	usernstest.RunAsUser(t, "^TestMachine")
}

// pidsIn are the processes of the host that are in a process namespace, as /proc/PID/ns/pid
// names it.
func pidsIn(t *testing.T, space string) []string {
	t.Helper()
	var pids []string
	all, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	require.NoError(t, err)
	for _, link := range all {
		if name, err := os.Readlink(link); err == nil && name == space {
			pids = append(pids, strings.Split(link, "/")[2])
		}
	}
	return pids
}

// treeAt is where nested shows the toolbox that it is handed as a mount.
const treeAt = "/mnt"

// nested starts a machine as root of a namespace that has no ids to spare, as in a container, and
// reports what it is that its root may not write.
func nested(ctx context.Context, call userns.Call) error {
	var toolbox, work string
	if err := json.Unmarshal(call.Request, &[]*string{&toolbox, &work}); err != nil {
		return err
	}
	for _, tree := range call.Files {
		err := unix.MoveMount(int(tree.Fd()), "", unix.AT_FDCWD, treeAt, unix.MOVE_MOUNT_F_EMPTY_PATH)
		if err != nil {
			return os.NewSyscallError("move_mount", err)
		}
	}
	mapping, err := userns.Detect(ctx)
	if err != nil {
		return err
	}
	call.Progress("mapping %s", mapping.Key())
	m, err := namespace.Start(ctx, namespace.Config{Toolbox: toolbox, Work: work, Mapping: mapping})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	err = m.Run(ctx, machine.Command{Stdout: &out, Args: []string{"sh", "-c", `id -u
		for file in sys/kernel/printk sys/vm/swappiness; do
			(echo 1 > /proc/$file) 2>&1 | sed 's/.*: //'
		done`}})
	for line := range strings.Lines(out.String()) {
		call.Progress("%s", strings.TrimSpace(line))
	}
	return errors.Join(err, m.Close())
}
