package store

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

func mountTmpfs(dir string, size int) error {
	// Otherwise the mount would show outside, too.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}

// ownMounts gives a command a mount namespace, and a user namespace where this is not root.
func ownMounts(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
}

func (m *mirror) sentBytes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent
}

func TestTwoFetchersDownloadOnce(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, _ int) bool {
		m.slowly(w, r, data, time.Millisecond)
		return true
	}
	items := m.items(30, 100_000)
	var log lines
	s, f := newStore(t, Options{Log: log.add})
	other := newFetcher(t, s, Options{Log: log.add})
	command, output := again(t, order{Dir: s.dir, Items: items})
	var group errgroup.Group
	group.Go(func() error { return f.Fetch(t.Context(), items) })
	group.Go(func() error { return other.Fetch(t.Context(), items) })
	group.Go(command.Run)
	require.NoError(t, group.Wait(), output)
	for i := range items {
		require.Equal(t, 1, m.count(fmt.Sprintf("/p%02d.deb", i)))
	}
	require.Contains(t, log.String(), "another build is downloading ")
	requireSound(t, s, 30)
	require.Empty(t, partials(t, s))
}

// The waiting Fetch goes on where the killed process stopped.
func TestKilledWhileAnotherWaits(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, n int) bool {
		if n == 1 {
			m.slowly(w, r, data, 10*time.Millisecond)
		}
		return n == 1
	}
	item := m.item("a.deb", 1<<20)
	s, f := newStore(t, Options{})
	command, output := again(t, order{Dir: s.dir, Items: []Item{item}})
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return m.sentBytes() > 300_000 }, 20*time.Second, time.Millisecond, output)
	var group errgroup.Group
	group.Go(func() error { return f.Fetch(t.Context(), []Item{item}) })
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, command.Process.Kill())
	require.Error(t, command.Wait())
	require.NoError(t, group.Wait())
	require.Len(t, m.askedRanges(), 1)
	requireSound(t, s, 1)
}

func TestKillNeverCorrupts(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, _ int) bool {
		m.slowly(w, r, data, time.Millisecond)
		return true
	}
	const files, size = 60, 60_000
	items := m.items(files, size)
	s, f := newStore(t, Options{})
	kills, most := 0, 0
	for share := 10; share <= 90; share += 10 {
		command, output := again(t, order{Dir: s.dir, Items: items})
		require.NoError(t, command.Start())
		enough := func() bool { return m.sentBytes() >= files*size/100*share }
		require.Eventually(t, enough, 30*time.Second, time.Millisecond, output)
		require.NoError(t, command.Process.Kill())
		require.Error(t, command.Wait(), output)
		kills++
		there := len(complete(s.dir))
		requireSound(t, s, there)
		require.GreaterOrEqual(t, there, most, "nothing is lost")
		most = there
	}
	require.Positive(t, most)
	require.Less(t, most, files)
	require.NoError(t, f.Fetch(t.Context(), items))
	require.GreaterOrEqual(t, len(m.askedRanges()), kills, "partial files were continued")
	requireSound(t, s, files)
	require.Empty(t, partials(t, s))
}

func TestFullDisk(t *testing.T) {
	m := newMirror(t)
	known := m.items(4, 1<<20)
	unknown := m.items(4, 1<<20)
	for i := range unknown {
		unknown[i].Size = 0
	}
	one := m.item("one", 1<<18)
	last := m.item("last", 5<<20)
	last.Size = 0
	for _, c := range []struct {
		name     string
		order    order
		want     string
		requests bool
		complete int
	}{
		{"before the download", order{Items: known}, "no space left in %s: 4.2 MB more needed\n", false, 0},
		{"amid the download", order{Items: unknown}, "no space left in %s\n", true, -1},
		{"one fits", order{Items: []Item{one, last}, Parallel: 1}, "no space left in %s\n", true, 1},
		{"put", order{Put: 4 << 20}, "no space left in %s\n", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := m.total()
			c.order.Dir, c.order.Tmpfs = t.TempDir(), 1<<20
			command, output := again(t, c.order)
			ownMounts(command)
			require.Error(t, command.Run())
			require.Contains(t, output.String(), fmt.Sprintf(c.want, c.order.Dir))
			require.Equal(t, c.requests, m.total() > before)
			if c.complete >= 0 {
				require.Equal(t, c.complete, strings.Count(output.String(), "complete: "), output)
			}
		})
	}
}

func TestNoPermission(t *testing.T) {
	m := newMirror(t)
	dir, err := os.MkdirTemp("", "store")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o555))
	nobody := func(o order) string {
		command, output := again(t, o)
		uid := os.Getuid()
		if uid == 0 {
			uid = 65534
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		require.Error(t, command.Run(), output)
		return fmt.Sprintf("%d: %s", uid, output)
	}
	var uid int
	text := nobody(order{Dir: filepath.Join(dir, "store"), Items: m.items(3, 10)})
	_, err = fmt.Sscanf(text, "%d:", &uid)
	require.NoError(t, err)
	require.Contains(t, text, fmt.Sprintf("cannot write in %s/store: user id %d has no permission", dir, uid))

	require.NoError(t, os.Chmod(dir, 0o755))
	_, err = Open(dir)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Join(dir, "partial"), 0o555))
	text = nobody(order{Dir: dir, Items: m.items(3, 10)})
	require.Contains(t, text, fmt.Sprintf("cannot write in %s: user id %d has no permission", dir, uid))
	require.Zero(t, m.total())
}
