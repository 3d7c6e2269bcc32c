package qemu_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
)

// These tests need QEMU and the mirror of the host's apt sources. Those that start a machine run side
// by side, each with one processor: the start of a kernel makes no use of a second one.

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) != "" {
		own()
	}
	os.Exit(m.Run())
}

// config is that of a small machine.
func config(t *testing.T) qemu.Config {
	t.Helper()
	c := machinetest.QEMU(t)
	c.CPUs = 1
	return c
}

// soon is how long what takes a moment may take on a busy host.
const soon = time.Minute

// pids are the processes that have a work directory in their command line.
func pids(t *testing.T, work string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(data), work+"/") {
			continue
		}
		var pid int
		_, err = fmt.Sscanf(file, "/proc/%d/", &pid)
		require.NoError(t, err)
		found = append(found, pid)
	}
	return found
}

// pid is the one process of a machine.
func pid(t *testing.T, work string) int {
	t.Helper()
	found := pids(t, work)
	require.Len(t, found, 1)
	return found[0]
}

// assertGone says that nothing is left of a machine but files in its work directory.
func assertGone(t *testing.T, work string, files ...string) {
	t.Helper()
	assert.Empty(t, pids(t, work))
	assert.ElementsMatch(t, files, names(t, work))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// disaster waits for a command that runs while something happens to its machine, and closes that.
func disaster(t *testing.T, m *qemu.Machine, happen func()) *qemu.EndError {
	t.Helper()
	ended := make(chan error, 1)
	started := newSignal()
	go func() {
		ended <- m.Run(t.Context(), machine.Command{
			Args: []string{"sh", "-c", "echo started; sleep 1000"}, Stdout: started,
		})
	}()
	<-started.seen
	happen()
	var end *qemu.EndError
	select {
	case err := <-ended:
		require.ErrorAs(t, err, &end)
		require.ErrorContains(t, err, "sh: "+end.Problem)
	case <-time.After(2 * soon):
		require.Fail(t, "the command still runs")
	}
	// Whatever is asked next gets the same answer.
	require.ErrorContains(t, m.Run(t.Context(), machine.Command{Args: []string{"true"}}), "true: "+end.Problem)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close(), "twice")
	return end
}

// signal is a writer that tells when it is first written to.
type signal struct{ seen chan struct{} }

func newSignal() signal { return signal{make(chan struct{})} }

func (s signal) Write(p []byte) (int, error) {
	select {
	case <-s.seen:
	default:
		close(s.seen)
	}
	return len(p), nil
}
