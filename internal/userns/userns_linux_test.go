package userns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/userns/usernstest"
)

func TestMain(m *testing.M) {
	Main(map[string]Entry{
		"ids":   entryIDs,
		"fill":  entryFill,
		"fail":  func(context.Context, Call) error { return fmt.Errorf("write it: %w", syscall.ENOSPC) },
		"read":  entryRead,
		"sleep": entrySleep,
		"again": entryAgain,
		"crash": func(context.Context, Call) error { os.Stderr.WriteString("last words\n"); os.Exit(3); return nil },
	})
	if os.Getenv("AIRSHIP_TEST_STARTER") != "" {
		starter()
	}
	os.Exit(m.Run())
}

func detect(t *testing.T) Mapping {
	t.Helper()
	m, err := Detect(t.Context())
	require.NoError(t, err)
	return m
}

func entryIDs(_ context.Context, call Call) error {
	var name string
	if err := json.Unmarshal(call.Request, &name); err != nil {
		return err
	}
	uids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return err
	}
	call.Progress("%s is %d:%d", name, os.Getuid(), os.Getgid())
	call.Progress("%s", strings.Join(strings.Fields(string(uids)), " "))
	return nil
}

func TestNamespaceRunsAsRoot(t *testing.T) {
	m := detect(t)
	var lines []string
	err := m.Run(t.Context(), Job{
		Entry: "ids", Request: "it", Progress: func(line string) { lines = append(lines, line) },
	})
	require.NoError(t, err)
	require.Len(t, lines, 2)
	assert.Equal(t, "it is 0:0", lines[0])
	assert.Equal(t, strings.Join(arguments(m.UIDs), " "), lines[1])
	assert.Equal(t, os.Getuid() == 0, m.Direct)
}

// entryFill makes what only root of a full mapping can make.
func entryFill(context.Context, Call) error {
	if err := os.Mkdir("sub", 0o755); err != nil {
		return err
	}
	for i, id := range []int{1, 100, 65534} {
		name := filepath.Join("sub", fmt.Sprint(i))
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			return err
		}
		if err := os.Chown(name, id, id); err != nil {
			return err
		}
	}
	if err := os.Chown("sub", 33, 33); err != nil {
		return err
	}
	return os.Chmod("sub", 0)
}

func TestNamespaceFillsAndRemovesTrees(t *testing.T) {
	m := detect(t)
	private := t.TempDir()
	require.NoError(t, os.Chmod(private, 0o700))
	dir := filepath.Join(private, "tree")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, m.Chown(dir))
	require.NoError(t, m.Run(t.Context(), Job{Entry: "fill", Dir: dir}))

	info, err := os.Lstat(filepath.Join(dir, "sub"))
	require.NoError(t, err)
	var want uint32
	for _, e := range m.UIDs {
		if e.Inside <= 33 && 33 < e.Inside+e.Count {
			want = e.Outside + 33 - e.Inside
		}
	}
	assert.Equal(t, want, info.Sys().(*syscall.Stat_t).Uid)

	require.NoError(t, m.Remove(t.Context(), dir))
	assert.NoDirExists(t, dir)
	require.NoError(t, m.Remove(t.Context(), dir), "what is gone is removed")
}

func TestNamespaceErrors(t *testing.T) {
	m := detect(t)
	err := m.Run(t.Context(), Job{Entry: "fail"})
	require.EqualError(t, err, "write it: no space left on device")
	require.ErrorIs(t, err, syscall.ENOSPC)

	require.ErrorContains(t, m.Run(t.Context(), Job{Entry: "nobody"}), `no entry "nobody"`)
	require.ErrorContains(t, m.Run(t.Context(), Job{Entry: "crash"}), "exit status 3: last words")
	require.ErrorIs(t, m.Run(t.Context(), Job{Entry: "fill", Dir: "/nowhere"}), fs.ErrNotExist)
}

func entryAgain(ctx context.Context, call Call) error {
	m, err := Detect(ctx)
	if err != nil {
		return err
	}
	call.Progress("%s", m.Key())
	return nil
}

// Root of a container that has 65536 ids has no range to shift to.
func TestNamespaceWithinANamespace(t *testing.T) {
	m := detect(t)
	var key string
	require.NoError(t, m.Run(t.Context(), Job{Entry: "again", Progress: func(line string) { key = line }}))
	assert.Equal(t, "same", key)
}

func entryRead(_ context.Context, call Call) error {
	text, err := io.ReadAll(call.Files[0])
	call.Progress("%s", text)
	return err
}

func TestNamespaceReadsFilesHandedOver(t *testing.T) {
	m := detect(t)
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte("for the owner alone"), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var got string
	require.NoError(t, m.Run(t.Context(), Job{
		Entry: "read", Files: []*os.File{f}, Progress: func(line string) { got = line },
	}))
	assert.Equal(t, "for the owner alone", got)
}

// entrySleep reports a child that would stay.
func entrySleep(ctx context.Context, call Call) error {
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		return err
	}
	call.Progress("ready")
	<-ctx.Done()
	time.Sleep(time.Hour)
	return nil
}

func TestNamespaceIsKilledWithItsContext(t *testing.T) {
	m := detect(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	start := time.Now()
	err := m.Run(ctx, Job{
		Entry: "sleep", Namespaces: unix.CLONE_NEWPID, Progress: func(string) { cancel(enough) },
	})
	require.ErrorIs(t, err, enough)
	assert.Less(t, time.Since(start), 10*time.Second)
}

// starter is a process that starts a job and waits for it.
func starter() {
	m, err := Detect(context.Background())
	if err == nil {
		err = m.Run(context.Background(), Job{
			Entry: "sleep", Namespaces: unix.CLONE_NEWPID | unix.CLONE_NEWUTS,
			Progress: func(line string) { fmt.Println(line) },
		})
	}
	fmt.Println("starter:", err)
	os.Exit(1)
}

func TestNamespaceEndsWithItsStarter(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "AIRSHIP_TEST_STARTER=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ready := make([]byte, 6)
	_, err = io.ReadFull(out, ready)
	require.NoError(t, err)
	require.Equal(t, "ready\n", string(ready))
	inside := children(t, cmd.Process.Pid)
	require.Len(t, inside, 1)

	// What Ctrl-C sends goes to the starter's process group; the job is not in it.
	group, err := syscall.Getpgid(inside[0])
	require.NoError(t, err)
	assert.NotEqual(t, cmd.Process.Pid, group)

	all := append(inside, children(t, inside[0])...)
	require.Len(t, all, 2, "the entry and its sleep")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	for _, pid := range all {
		assert.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 20*time.Millisecond, "process %d", pid)
	}
}

func children(t *testing.T, pid int) []int {
	t.Helper()
	var pids []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	require.NoError(t, err)
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		require.NoError(t, err)
		for _, field := range strings.Fields(string(text)) {
			var child int
			_, err := fmt.Sscan(field, &child)
			require.NoError(t, err)
			pids = append(pids, child)
		}
	}
	return pids
}

// gone takes a zombie, which somebody else has to wait for, for gone.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// A binary that only its owner may execute still runs as another id (umask 077).
func TestNamespaceFromAPrivateBinary(t *testing.T) {
	exe, err := executable(true)
	require.NoError(t, err)
	exe.Close()
	copied := filepath.Join(t.TempDir(), "test")
	text, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(copied, text, 0o700))
	cmd := exec.Command(copied, "-test.run=^TestNamespaceRunsAsRoot$")
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

// Ctrl-C reaches the starter's process group: the tools that map ids are not in it.
func TestIDsAreMappedApart(t *testing.T) {
	dir := t.TempDir()
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		script := "#!/bin/sh\ncut -d' ' -f5 /proc/$$/stat > " + dir + "/" + tool + ".group\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, tool), []byte(script), 0o755))
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	require.NoError(t, Mapping{}.mapIDs(t.Context(), os.Getpid()))
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		group, err := os.ReadFile(filepath.Join(dir, tool+".group"))
		require.NoError(t, err)
		assert.NotEqual(t, fmt.Sprintln(syscall.Getpgrp()), string(group), tool)
	}
}

func TestAsUser(t *testing.T) {
	usernstest.RunAsUser(t, "^TestNamespace")
}

// A user without subordinate ids is told how to get some. Needs root, to be such a user.
func TestUserWithoutSubIDs(t *testing.T) {
	if os.Getuid() != 0 {
		return
	}
	exe := filepath.Join("/tmp", fmt.Sprintf("userns-test-%d", os.Getpid()))
	text, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(exe, text, 0o755))
	defer os.Remove(exe)
	require.NoError(t, os.Chmod(exe, 0o755))
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "AIRSHIP_TEST_STARTER=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 61183, Gid: 61183}}
	out, _ := cmd.CombinedOutput()
	assert.Contains(t, string(out), "/etc/subuid has no entry for the user 61183: as root: usermod --add-subuids")
}
