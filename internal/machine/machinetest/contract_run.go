package machinetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

func run(t *testing.T, m machine.Machine) {
	var out, errs bytes.Buffer
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args:  []string{"sh", "-c", `cat; printf '%s|' "$@" >&2`, "it", "a b", "", "it's", "$HOME\n*"},
		Stdin: strings.NewReader("in\x00put"), Stdout: &out, Stderr: &errs,
	}))
	assert.Equal(t, "in\x00put", out.String())
	assert.Equal(t, "a b||it's|$HOME\n*|", errs.String())

	for script, want := range map[string]machine.ExitError{
		"echo no >&2; exit 7":       {Code: 7, Tail: "no"},
		"echo out; exit 1":          {Code: 1, Tail: "out"},
		"echo bad >&2; kill -9 $$":  {Code: -1, Signal: "KILL", Tail: "bad"},
		"seq 100000 >&2; exit 3":    {Code: 3},
		"exec /usr/bin/nonexistent": {Code: 127, Tail: "sh: 1: exec: /usr/bin/nonexistent: not found"},
	} {
		args := []string{"sh", "-c", script}
		var exit *machine.ExitError
		require.ErrorAs(t, m.Run(t.Context(), machine.Command{Args: args}), &exit, script)
		assert.Equal(t, want.Code, exit.Code, script)
		assert.Equal(t, want.Signal, exit.Signal, script)
		if want.Tail != "" {
			assert.Equal(t, want.Tail, exit.Tail, script)
		} else {
			assert.LessOrEqual(t, len(exit.Tail), 4<<10)
			assert.True(t, strings.HasSuffix(exit.Tail, "\n100000"), script)
		}
	}
	// A program need not read its input, nor need its input end.
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"true"}, Stdin: bytes.NewReader(make([]byte, 8<<20))}))
	endless, w := io.Pipe()
	defer w.Close()
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"true"}, Stdin: endless}))
	require.Error(t, m.Run(t.Context(), machine.Command{}))
}

// hostVariable is in the environment of whoever starts a Contract's machine.
const hostVariable = "TOKEN_OF_THE_HOST"

func environment(t *testing.T, m machine.Machine, server *httptest.Server) {
	fixed := []string{
		"HOME=/root", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"http_proxy=" + inside(m, server), "no_proxy=localhost,.example",
	}
	var out bytes.Buffer
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{"env"}, Env: []string{"TOKEN=a b\nc", "TMPDIR=/scratch"}, Stdout: &out,
	}))
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if !strings.HasPrefix(line, "AIRSHIP_COMMAND=") {
			got = append(got, line)
		}
	}
	assert.ElementsMatch(t, append(fixed, "TOKEN=a b", "c", "TMPDIR=/scratch"), got)
	assert.NotContains(t, Shell(t, m, "cat /proc/1/environ"), hostVariable)
}

func bulk(t *testing.T, m machine.Machine) {
	const size = 8 << 20
	sum, back := sha256.New(), sha256.New()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sum)
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"cat"}, Stdin: source, Stdout: back}))
	assert.Equal(t, sum.Sum(nil), back.Sum(nil))

	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			var out bytes.Buffer
			err := m.Run(t.Context(), machine.Command{Args: []string{"echo", fmt.Sprint(i)}, Stdout: &out})
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprintln(i), out.String())
		})
	}
	all.Wait()
}

func killed(t *testing.T, m machine.Machine) {
	ctx, cancel := context.WithCancel(t.Context())
	up, ready := io.Pipe()
	go func() {
		_, _ = up.Read(make([]byte, 1))
		cancel()
		_, _ = io.Copy(io.Discard, up)
	}()
	// A grandchild in a session of its own that no longer has a parent, as of a daemon.
	err := m.Run(ctx, machine.Command{
		Args:   []string{"sh", "-c", "(setsid sleep 4321 &); sleep 4321 & setsid sh -c 'sleep 4321; :' & sleep 0.2; echo up; wait"},
		Stdout: ready,
	})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "sh: context canceled")
	var exit *machine.ExitError
	require.ErrorAs(t, m.Run(t.Context(), machine.Command{Args: []string{"pgrep", "-f", "sleep 4321"}}), &exit)
	assert.Equal(t, 1, exit.Code, "none is left")

	require.ErrorIs(t, m.Run(ctx, machine.Command{Args: []string{"true"}}), context.Canceled)
	full := errors.New("disk full")
	err = m.Run(t.Context(), machine.Command{Args: []string{"yes"}, Stdout: failing{full}})
	require.ErrorIs(t, err, full)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func writeFile(t *testing.T, m machine.Machine) {
	path := "/scratch/a dir/it's/file"
	require.NoError(t, m.WriteFile(t.Context(), path, fs.ModeSetuid|0o750, []byte("one")))
	assert.Equal(t, "4750 0:0 one", Output(t, m, "sh", "-c", `echo "$(stat -c '%a %u:%g' "$1") $(cat "$1")"`, "it", path))
	require.NoError(t, m.WriteFile(t.Context(), path, 0o600, nil))
	assert.Equal(t, "600 0", Output(t, m, "stat", "-c", "%a %s", path))
	assert.Equal(t, "file", Output(t, m, "ls", "-A", "/scratch/a dir/it's"))
	require.ErrorContains(t, m.WriteFile(t.Context(), "/usr/x", 0o644, nil), "write /usr/x in the machine")
}
