package machinetest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Output runs a program in m and returns what it printed, without the space around it.
func Output(t *testing.T, m machine.Machine, args ...string) string {
	t.Helper()
	return output(t, m, machine.Command{Args: args})
}

// Shell is Output of a script that ends with the first command that fails.
func Shell(t *testing.T, m machine.Machine, script string) string {
	t.Helper()
	return Output(t, m, "sh", "-euc", script)
}

// Chrooted is Shell in the target, which is open.
func Chrooted(t *testing.T, m machine.Machine, script string) string {
	t.Helper()
	return output(t, m, machine.Command{Args: []string{"sh", "-euc", script}, Chroot: true})
}

func output(t *testing.T, m machine.Machine, c machine.Command) string {
	t.Helper()
	var out bytes.Buffer
	c.Stdout = &out
	require.NoError(t, m.Run(t.Context(), c))
	return strings.TrimSpace(out.String())
}
