package osconfig

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig/osconfigtest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

// recorder is a machine that remembers the arguments and environments of its commands.
type recorder struct {
	machine.Machine
	commands []string
}

func (r *recorder) Run(ctx context.Context, c machine.Command) error {
	r.commands = append(r.commands, strings.Join(append(c.Env, c.Args...), " "))
	return r.Machine.Run(ctx, c)
}

// newTarget is a machine with a root file system, open for programs.
func newTarget(t *testing.T) *recorder {
	t.Helper()
	m := osconfigtest.Target(t)
	osconfigtest.Output(t, m, "sh", "-c", pretend)
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"touch", "/scratch/began"}}))
	return &recorder{Machine: m}
}

// output is what a program in the toolbox prints.
func (r *recorder) output(t *testing.T, args ...string) string {
	t.Helper()
	return osconfigtest.Output(t, r, args...)
}

func (r *recorder) read(t *testing.T, name string) string {
	t.Helper()
	return r.output(t, "cat", "/target/"+name)
}

// assertNoTrace checks that what was changed in the target since newTarget lies below the
// directories given, and that nothing is left in /scratch.
func (r *recorder) assertNoTrace(t *testing.T, below ...string) {
	t.Helper()
	changed := r.output(t, "find", "/target", "-xdev", "-cnewer", "/scratch/began", "-not", "-type", "d", "-printf", "%P\n")
	for name := range strings.Lines(changed) {
		top, _, _ := strings.Cut(name, "/")
		assert.Contains(t, below, top, name)
	}
	assert.Empty(t, r.output(t, "find", "/target/tmp", "/target/var/tmp", "/target/root", "-mindepth", "1"))
	assert.Equal(t, "began\n", r.output(t, "ls", "-A", "/scratch"))
}
