// Package osconfigtest gives tests a machine with a root file system that can be configured.
package osconfigtest

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
)

// fill makes a root file system of the toolbox itself, which has Python and useradd and, like an
// image, no byte-compiled Python.
const fill = `set -e
tar --create --directory=/ --exclude=usr/share --exclude=usr/lib/modules --exclude='*/ansible*' \
  --exclude=__pycache__ bin etc lib lib64 sbin usr | tar --extract --directory=/target
cd /target
mkdir -p dev home proc root run sys tmp usr/share var/tmp
chroot /target sh -c 'pwconv && grpconv'`

// Target is a machine with a root file system in machine.Target, open for programs. Its test's
// TestMain calls userns.Main with machinetest.Entries.
func Target(t *testing.T) *namespace.Machine {
	t.Helper()
	m, _ := machinetest.Start(t)
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"sh", "-c", fill}}))
	machinetest.Unpack(t, m, "systemd")
	undo, err := m.OpenTarget(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, undo(context.Background())) })
	return m
}

// Output is what a program in the toolbox prints.
func Output(t *testing.T, m machine.Machine, args ...string) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: args, Stdout: &text}))
	return text.String()
}
