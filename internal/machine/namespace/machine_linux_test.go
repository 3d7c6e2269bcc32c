package namespace_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

func TestMachineInside(t *testing.T) {
	m, work := machinetest.Start(t)
	assert.Equal(t, "uid=0(root) gid=0(root) groups=0(root)", output(t, m, "id"))
	assert.Equal(t, "localhost", output(t, m, "hostname"))
	assert.Equal(t, "0022", shell(t, m, "umask"))
	assert.Equal(t, "0 65534", shell(t, m, "cd /scratch; touch a b; chown 65534 b; echo $(stat -c %u a b)"))
	host, err := os.ReadFile("/etc/resolv.conf")
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(host)), output(t, m, "cat", "/etc/resolv.conf"))
	assert.Contains(t, output(t, m, "cat", "/etc/hosts"), "127.0.0.1 localhost")

	for _, file := range []string{"/x", "/usr/x", "/bin/x", "/etc/x", "/sys/x"} {
		var exit *machine.ExitError
		require.ErrorAs(t, m.Run(t.Context(), machine.Command{Args: []string{"touch", file}}), &exit, file)
		assert.Contains(t, exit.Tail, "Read-only file system", file)
	}
	for _, dir := range []string{"/tmp", "/run", "/root", "/var/tmp", "/var/lib", "/dev/shm", machine.Scratch, machine.Target, machine.Output} {
		shell(t, m, "touch "+dir+"/x; rm "+dir+"/x")
	}
	shell(t, m, "echo x > /dev/null; head -c 9 /dev/zero /dev/random /dev/urandom > /dev/null; ls /dev/fd/0 > /dev/stdout")
	for _, setting := range []string{"kernel/printk", "vm/swappiness", "kernel/core_pattern"} {
		require.Error(t, m.Run(t.Context(), machine.Command{
			Args: []string{"sh", "-c", "cat $1 | tee $1", "write", "/proc/sys/" + setting},
		}), setting)
	}

	shell(t, m, "echo hello > /output/disk.raw")
	made, err := os.ReadFile(filepath.Join(work, "output", "disk.raw"))
	require.NoError(t, err)
	assert.Equal(t, "hello\n", string(made))
}

func TestMachineRun(t *testing.T) {
	m, _ := machinetest.Start(t)
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

func TestMachineEnvironment(t *testing.T) {
	t.Setenv("TOKEN_OF_THE_HOST", "secret")
	m, _ := machinetest.Start(t, "http_proxy=http://proxy.example:3128", "no_proxy=localhost")
	fixed := []string{
		"HOME=/root", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"http_proxy=http://proxy.example:3128", "no_proxy=localhost",
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
	assert.NotContains(t, shell(t, m, "cat /proc/1/environ"), "TOKEN_OF_THE_HOST")
}

func TestMachineBulk(t *testing.T) {
	m, _ := machinetest.Start(t)
	const size = 64 << 20
	begin := time.Now()
	sum, back := sha256.New(), sha256.New()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sum)
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"cat"}, Stdin: source, Stdout: back}))
	t.Logf("64 MiB there and back in %s", time.Since(begin))
	assert.Equal(t, sum.Sum(nil), back.Sum(nil))

	begin = time.Now()
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			var out bytes.Buffer
			err := m.Run(t.Context(), machine.Command{Args: []string{"echo", fmt.Sprint(i)}, Stdout: &out})
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprintln(i), out.String())
		})
	}
	all.Wait()
	t.Logf("40 commands at once in %s", time.Since(begin))
}

func TestMachineKillsWithTheContext(t *testing.T) {
	m, _ := machinetest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	up, ready := io.Pipe()
	go func() {
		_, _ = up.Read(make([]byte, 1))
		cancel()
		_, _ = io.Copy(io.Discard, up)
	}()
	begin := time.Now()
	// A grandchild in a session of its own that no longer has a parent, as of a daemon.
	err := m.Run(ctx, machine.Command{
		Args:   []string{"sh", "-c", "(setsid sleep 4321 &); sleep 4321 & setsid sh -c 'sleep 4321; :' & sleep 0.2; echo up; wait"},
		Stdout: ready,
	})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "sh: context canceled")
	assert.Less(t, time.Since(begin), 5*time.Second)
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

func TestMachineWriteFile(t *testing.T) {
	m, _ := machinetest.Start(t)
	path := "/scratch/a dir/it's/file"
	require.NoError(t, m.WriteFile(t.Context(), path, fs.ModeSetuid|0o750, []byte("one")))
	assert.Equal(t, "4750 0:0 one", output(t, m, "sh", "-c", `echo "$(stat -c '%a %u:%g' "$1") $(cat "$1")"`, "it", path))
	require.NoError(t, m.WriteFile(t.Context(), path, 0o600, nil))
	assert.Equal(t, "600 0", output(t, m, "stat", "-c", "%a %s", path))
	assert.Equal(t, "file", output(t, m, "ls", "-A", "/scratch/a dir/it's"))
	require.ErrorContains(t, m.WriteFile(t.Context(), "/usr/x", 0o644, nil), "write /usr/x in the machine")
}

func TestMachineAccess(t *testing.T) {
	m, _ := machinetest.Start(t)
	access := m.Access()
	info, err := os.Stat(access.KeyFile)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	for range 2 {
		session, err := machine.Connect(t.Context(), access)
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, session.Run(t.Context(), machine.Command{Args: []string{"hostname"}, Stdout: &out}))
		assert.Equal(t, "localhost\n", out.String())
		require.NoError(t, session.Close())
	}

	other, err := machine.NewCredentials()
	require.NoError(t, err)
	wrong := access
	wrong.KnownHost = string(other.KnownHost())
	_, err = machine.Connect(t.Context(), wrong)
	require.ErrorContains(t, err, "host key mismatch")
	wrong = access
	wrong.KeyFile = filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(wrong.KeyFile, other.ClientKey, 0o600))
	_, err = machine.Connect(t.Context(), wrong)
	require.ErrorContains(t, err, "unable to authenticate")
}

func TestMachineLeavesNothing(t *testing.T) {
	before, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	m, work := machinetest.Start(t)
	space := output(t, m, "readlink", "/proc/self/ns/pid")
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
