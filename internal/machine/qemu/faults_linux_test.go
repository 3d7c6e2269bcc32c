package qemu_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
)

func TestScratchIsFull(t *testing.T) {
	t.Parallel()
	c := config(t)
	c.Scratch = 64 << 20
	m := machinetest.StartQEMU(t, c)
	var exit *machine.ExitError
	err := m.Run(t.Context(), machine.Command{Args: []string{"dd", "if=/dev/zero", "of=/scratch/x", "bs=1M", "count=100", "status=none"}})
	require.ErrorAs(t, err, &exit)
	assert.Contains(t, exit.Tail, "No space left on device")
	machinetest.Shell(t, m, "rm /scratch/x; echo there is room again >/scratch/y")

	t.Run("ports", func(t *testing.T) { onLoopback(t, pid(t, c.Work)) })

	// The last: QEMU is killed.
	end := disaster(t, m, func() { require.NoError(t, syscall.Kill(pid(t, c.Work), syscall.SIGKILL)) })
	assert.Regexp(t, "^QEMU was ended from outside, .*: signal: killed$", end.Problem)
	assertGone(t, c.Work, "disk.raw")
}

// onLoopback says that a process listens on two ports of 127.0.0.1 and nowhere else, proc_net_tcp(5).
func onLoopback(t *testing.T, pid int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	require.NoError(t, err)
	var its []string
	for _, file := range files {
		if link, err := os.Readlink(file); err == nil && strings.HasPrefix(link, "socket:[") {
			its = append(its, strings.Trim(link, "socket:[]"))
		}
	}
	var listening []string
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		data, err := os.ReadFile("/proc/net/" + table)
		if os.IsNotExist(err) {
			continue // a host without IPv6
		}
		require.NoError(t, err)
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			const listen = "0A"
			if len(fields) < 10 || strings.HasPrefix(table, "tcp") && fields[3] != listen {
				continue
			}
			for _, inode := range its {
				if fields[9] == inode {
					address, _, _ := strings.Cut(fields[1], ":")
					listening = append(listening, table+" "+address)
				}
			}
		}
	}
	assert.Equal(t, []string{"tcp 0100007F", "tcp 0100007F"}, listening)
}

func TestKernelPanics(t *testing.T) {
	t.Parallel()
	c := config(t)
	m := machinetest.StartQEMU(t, c)
	end := disaster(t, m, func() {
		// It does not come back from this.
		go func() {
			_ = m.Run(t.Context(), machine.Command{Args: []string{"sh", "-c", "echo c >/proc/sysrq-trigger"}})
		}()
	})
	assert.Equal(t, "the virtual machine's kernel panics: sysrq triggered crash", end.Problem)
	assert.Contains(t, strings.Join(end.Console, "\n"), "Kernel panic - not syncing: sysrq triggered crash")
	_, err := m.PowerOff(t.Context())
	require.ErrorContains(t, err, "turn the machine off: ")
	require.ErrorContains(t, err, end.Problem)
	assertGone(t, c.Work, "disk.raw")
}

func TestGuestStopsAnswering(t *testing.T) {
	t.Parallel()
	c := config(t).WithPatience(5*time.Minute, 200*time.Millisecond, 5*time.Second)
	m := machinetest.StartQEMU(t, c)
	end := disaster(t, m, func() { require.NoError(t, syscall.Kill(pid(t, c.Work), syscall.SIGSTOP)) })
	assert.Equal(t, "the virtual machine has not answered for 5s", end.Problem)
	assertGone(t, c.Work, "disk.raw")
}

func TestHostsFileSystemIsFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root alone can mount a small file system to fill")
	}
	t.Parallel()
	c := config(t)
	require.NoError(t, syscall.Mount("tmpfs", c.Work, "tmpfs", 0, "size=32m,mode=700"))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(c.Work, 0)) })
	c.Scratch = 1 << 30
	m := machinetest.StartQEMU(t, c)
	end := disaster(t, m, func() {
		go func() {
			_ = m.Run(t.Context(), machine.Command{Args: []string{"dd", "if=/dev/zero", "of=/scratch/x", "bs=1M", "count=100", "conv=fsync"}})
		}()
	})
	assert.Equal(t, fmt.Sprintf("the file system of %s is full", c.Work), end.Problem)
	assertGone(t, c.Work, "disk.raw")
}

// A machine that loses the one that holds it ends by itself.
func TestMachineLosesItsHolder(t *testing.T) {
	t.Parallel()
	c := config(t)
	m := machinetest.StartQEMU(t, c)
	require.NoError(t, m.Session.Close(), "as where the system does not end QEMU with the plugin")
	assert.Eventually(t, func() bool { return len(pids(t, c.Work)) == 0 }, soon, 50*time.Millisecond)
	require.ErrorContains(t, m.Run(t.Context(), machine.Command{Args: []string{"true"}}), "true: the virtual machine has turned itself off")
	require.NoError(t, m.Close())
	assertGone(t, c.Work, "disk.raw")
}

// PowerOff of a machine that does not turn itself off in time ends it, and what runs there, all the same.
func TestPowerOffIsInterrupted(t *testing.T) {
	t.Parallel()
	c := config(t)
	m := machinetest.StartQEMU(t, c)
	machinetest.Shell(t, m, "pkill -STOP -f '^sh /run/airship/hold'")
	ended := make(chan error, 1)
	started := newSignal()
	go func() {
		ended <- m.Run(t.Context(), machine.Command{Args: []string{"sh", "-c", "echo started; sleep 1000"}, Stdout: started})
	}()
	<-started.seen
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := m.PowerOff(ctx)
	require.EqualError(t, err, "turn the machine off: context deadline exceeded")
	assertGone(t, c.Work, "disk.raw")
	require.EqualError(t, <-ended, "sh: the virtual machine is turned off")

	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { assert.NoError(t, m.Close()) })
	}
	all.Wait()
	_, err = m.PowerOff(t.Context())
	require.ErrorContains(t, err, ": the virtual machine is turned off")
}
