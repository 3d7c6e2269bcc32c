package namespace_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
)

// listing is everything that a change of the target would change: names, kinds, modes, owners,
// sizes, links, times to the nanosecond, and contents of small files.
const listing = `cd /target
find . -xdev -printf '%p %y %m %U:%G %s %l %T@\n' | sort
find etc usr/sbin -xdev -type f -size -64k -exec sha256sum {} + | sort`

// TestMachineTarget makes Debian 12's smallest system with mmdebstrap and opens it.
func TestMachineTarget(t *testing.T) {
	m, _ := machinetest.Start(t)
	shell(t, m, "mount -t tmpfs -o mode=755 tmpfs /target")
	begin := time.Now()
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{
		"mmdebstrap", "--mode=root", "--variant=minbase", "--include=sudo",
		"bookworm", machine.Target, machinetest.Mirror(t).Main,
	}}))
	t.Logf("mmdebstrap --variant=minbase in %s", time.Since(begin))

	require.NoError(t, m.WriteFile(t.Context(), "/target/etc/hosts", 0o644, []byte("127.0.0.1 localhost\n")))
	for _, c := range []struct{ name, prepare string }{
		{"as it is", ":"},
		{"nothing there", "rm /target/etc/resolv.conf; rmdir /target/proc /target/sys /target/dev; rm -r /target/run"},
		{"links", `ln -sf ../run/systemd/resolve/stub-resolv.conf /target/etc/resolv.conf
			ln -s /etc/nowhere /target/usr/sbin/policy-rc.d`},
		{"a link to the machine's own", `ln -sf /etc/passwd /target/etc/resolv.conf
			rm /target/usr/sbin/policy-rc.d; printf '#!/bin/sh\nexit 0\n' > /target/usr/sbin/policy-rc.d`},
	} {
		t.Run(c.name, func(t *testing.T) {
			shell(t, m, c.prepare+"; find /target/etc /target/usr/sbin /target -maxdepth 0 -exec touch -d @1000000000.123456789 {} +")
			before := shell(t, m, listing)
			begin := time.Now()
			undo, err := m.OpenTarget(t.Context())
			require.NoError(t, err)
			t.Logf("opened in %s", time.Since(begin))
			_, err = m.OpenTarget(t.Context())
			require.ErrorContains(t, err, "File exists", "open already")
			useTarget(t, m)

			begin = time.Now()
			require.NoError(t, undo(t.Context()))
			t.Logf("closed in %s", time.Since(begin))
			assert.Equal(t, before, shell(t, m, listing))
			assert.NotContains(t, output(t, m, "cat", "/proc/self/mountinfo"), " /target/")
			require.Error(t, m.Run(t.Context(), machine.Command{Args: []string{"pgrep", "-f", "sleep 5432"}}), "killed")
			assert.Equal(t, "root:x:0:0", shell(t, m, "head -n1 /etc/passwd | cut -d: -f1-4"))
		})
	}
	t.Run("changed while open", func(t *testing.T) {
		undo, err := m.OpenTarget(t.Context())
		require.NoError(t, err)
		shell(t, m, "touch -d @1100000000 /target/etc/new /target/etc")
		require.NoError(t, undo(t.Context()))
		assert.Equal(t, "1100000000", output(t, m, "stat", "-c", "%Y", "/target/etc"))
	})
	t.Run("no target", func(t *testing.T) {
		shell(t, m, "rm -rf /target/* && ln -s / /target/tmp")
		_, err := m.OpenTarget(t.Context())
		require.ErrorContains(t, err, "/tmp is a symbolic link in the target")
		assert.Equal(t, "tmp", output(t, m, "ls", "-A", machine.Target))
	})
}

// useTarget tries what provisioners do in an open target.
func useTarget(t *testing.T, m machine.Machine) {
	t.Helper()
	chrooted := func(script string) string {
		var out bytes.Buffer
		require.NoError(t, m.Run(t.Context(), machine.Command{
			Args: []string{"sh", "-euc", script}, Chroot: true, Stdout: &out,
		}))
		return strings.TrimSpace(out.String())
	}
	assert.Contains(t, chrooted("cat /etc/debian_version; apt-get --version; dpkg --version"), "12.")
	host, err := os.ReadFile("/etc/resolv.conf")
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(host)), chrooted("cat /etc/resolv.conf"))
	assert.Equal(t, "101", chrooted("/usr/sbin/policy-rc.d && echo 0 || echo $?"))
	assert.Equal(t, "1", chrooted("cd /proc/self && cat /proc/1/cmdline | tr '\\0' '\\n' | grep -c airship"))
	chrooted("echo x > /dev/null; test -c /dev/tty; test -d /sys/class; echo changed >> /etc/resolv.conf")
	assert.Equal(t, "Permission denied|Read-only file system", chrooted(
		"(echo 1 > /proc/sys/kernel/printk) 2>&1 | sed 's/.*: //' | tr '\\n' '|'; touch /sys/x 2>&1 | sed 's/.*: //'"))
	assert.NotContains(t, output(t, m, "cat", "/etc/resolv.conf"), "changed")
	// A mount and a process that a provisioner leaves behind.
	chrooted("mount -t tmpfs tmpfs '/mnt'; setsid sleep 5432 >/dev/null 2>&1 </dev/null & sleep 0.1")

	conn, err := m.Dial(t.Context(), machine.TargetDoor)
	require.NoError(t, err)
	connection, channels, requests, err := ssh.NewClientConn(conn, "target", m.ClientConfig())
	require.NoError(t, err)
	client := ssh.NewClient(connection, channels, requests)
	defer client.Close()
	login := func(command string, prepare func(*ssh.Session) error) string {
		session, err := client.NewSession()
		require.NoError(t, err)
		defer session.Close()
		require.NoError(t, prepare(session))
		out, err := session.CombinedOutput(command)
		require.NoError(t, err, "%s", out)
		return strings.TrimSpace(string(out))
	}
	plain := func(*ssh.Session) error { return nil }
	assert.Equal(t, "12 0 C.UTF-8 /tmp", login(`. /etc/os-release; echo $VERSION_ID $(id -u) $LC_ALL $TMPDIR`, plain))
	terminal := func(s *ssh.Session) error { return s.RequestPty("xterm", 24, 80, ssh.TerminalModes{}) }
	assert.Regexp(t, `^/dev/pts/\d+$`, login("tty", terminal))
	assert.Equal(t, "root", login("sudo -n id -un", terminal))
	assert.Equal(t, "daemon", login("sudo -n -u daemon id -un", plain))

	files, err := sftp.NewClient(client)
	require.NoError(t, err)
	defer files.Close()
	file, err := files.Create("/tmp/script.sh")
	require.NoError(t, err)
	_, err = io.WriteString(file, "#!/bin/sh\necho ran in $(cat /etc/debian_version)\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, files.Chmod("/tmp/script.sh", 0o755))
	assert.Regexp(t, `^ran in 12\.`, login("/tmp/script.sh", plain))
}
