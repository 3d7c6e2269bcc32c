package machinetest

import (
	"io"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// listing is everything that a change of the target would change: names, kinds, modes, owners,
// sizes, links, times to the nanosecond, and contents of small files.
const listing = `cd /target
find . -xdev -printf '%p %y %m %U:%G %s %l %T@\n' | sort
find etc usr/sbin -xdev -type f -size -64k -exec sha256sum {} + | sort`

// makeTarget makes a small root filesystem of the toolbox's own programs.
func makeTarget(t *testing.T, m machine.Machine) {
	t.Helper()
	Shell(t, m, `cd /target
		mkdir -p usr/bin usr/sbin usr/lib usr/lib64 etc root mnt var proc sys dev run tmp
		for dir in bin sbin lib lib64; do ln -s usr/$dir $dir; done
		cp /etc/passwd /etc/group /etc/nsswitch.conf /etc/debian_version etc/
		cp -r --parents /usr/lib/locale/C.utf8 .
		for program in bash sh cat chmod env grep id mount sed setsid sleep touch tr tty; do
			file=$(command -v $program)
			cp -L "$file" usr/bin/
			ldd "$file" | grep -o '/[^ ]*' || :
		done | sort -u | xargs cp -L --parents -t /target`)
}

// Target holds m to OpenTarget with the root filesystem in machine.Target, which is none when it returns.
func Target(t *testing.T, m machine.Machine) {
	t.Helper()
	require.NoError(t, m.WriteFile(t.Context(), "/target/etc/hosts", 0o644, []byte("127.0.0.1 localhost\n")))
	for _, c := range []struct{ name, prepare string }{
		{"as it is", ":"},
		{"nothing there", "rm -f /target/etc/resolv.conf; rmdir /target/proc /target/sys /target/dev; rm -r /target/run"},
		{"links", `ln -sf ../run/systemd/resolve/stub-resolv.conf /target/etc/resolv.conf
			ln -s /etc/nowhere /target/usr/sbin/policy-rc.d`},
		{"a link to the machine's own", `ln -sf /etc/passwd /target/etc/resolv.conf
			rm /target/usr/sbin/policy-rc.d; printf '#!/bin/sh\nexit 0\n' > /target/usr/sbin/policy-rc.d`},
	} {
		t.Run(c.name, func(t *testing.T) {
			Shell(t, m, c.prepare+"; find /target/etc /target/usr/sbin /target -maxdepth 0 -exec touch -d @1000000000.123456789 {} +")
			before := Shell(t, m, listing)
			undo, err := m.OpenTarget(t.Context())
			require.NoError(t, err)
			_, err = m.OpenTarget(t.Context())
			require.ErrorContains(t, err, "File exists", "open already")
			visit(t, m)
			if c.prepare == ":" {
				useTarget(t, m)
			}
			require.NoError(t, undo(t.Context()))
			assert.Equal(t, before, Shell(t, m, listing))
			assert.NotContains(t, Output(t, m, "cat", "/proc/self/mountinfo"), " /target/")
			require.Error(t, m.Run(t.Context(), machine.Command{Args: []string{"pgrep", "-f", "sleep 5432"}}), "killed")
			assert.Equal(t, "root:x:0:0", Shell(t, m, "head -n1 /etc/passwd | cut -d: -f1-4"))
		})
	}
	t.Run("changed while open", func(t *testing.T) {
		undo, err := m.OpenTarget(t.Context())
		require.NoError(t, err)
		Shell(t, m, "touch -d @1100000000 /target/etc/new /target/etc")
		require.NoError(t, undo(t.Context()))
		assert.Equal(t, "1100000000", Output(t, m, "stat", "-c", "%Y", "/target/etc"))
	})
	t.Run("no target", func(t *testing.T) {
		Shell(t, m, "rm -rf /target/* && ln -s / /target/tmp")
		_, err := m.OpenTarget(t.Context())
		require.ErrorContains(t, err, "/tmp is a symbolic link in the target")
		assert.Equal(t, "tmp", Output(t, m, "ls", "-A", machine.Target))
		Shell(t, m, "rm /target/tmp")
	})
}

// visit finds in an open target what is to be there, and leaves things behind.
func visit(t *testing.T, m machine.Machine) {
	t.Helper()
	assert.Equal(t, Output(t, m, "cat", "/etc/resolv.conf")+"\n101", Chrooted(t, m,
		"cat /etc/resolv.conf; /usr/sbin/policy-rc.d && echo 0 || echo $?; echo changed >> /etc/resolv.conf"))
	assert.NotContains(t, Output(t, m, "cat", "/etc/resolv.conf"), "changed")
	// A mount and a process that a provisioner leaves behind.
	Chrooted(t, m, "mount -t tmpfs tmpfs '/mnt'; setsid sleep 5432 >/dev/null 2>&1 </dev/null & sleep 0.1")
}

// useTarget tries what provisioners do in an open target.
func useTarget(t *testing.T, m machine.Machine) {
	t.Helper()
	chrooted := func(script string) string { return Chrooted(t, m, script) }
	version := Output(t, m, "cat", "/target/etc/debian_version")
	assert.Equal(t, version, chrooted("cat /etc/debian_version"))
	assert.NotEqual(t, "0", chrooted("cd /proc/self && cat /proc/1/cmdline | tr '\\0' '\\n' | grep -c airship"))
	chrooted("echo x > /dev/null; test -c /dev/tty; test -d /sys/class")
	assert.Regexp(t, `^(Permission denied|Read-only file system)\|Read-only file system$`, chrooted(
		"(echo 1 > /proc/sys/kernel/printk) 2>&1 | sed 's/.*: //' | tr '\\n' '|'; touch /sys/x 2>&1 | sed 's/.*: //'"))

	client := LogIn(t, m, machine.TargetDoor)
	assert.Equal(t, version+" 0 C.UTF-8 /tmp",
		Remote(t, client, `echo $(cat /etc/debian_version) $(id -u) $LC_ALL $TMPDIR`, nil))
	assert.Regexp(t, `^/dev/pts/\d+$`, Remote(t, client, "tty", Terminal))

	files, err := sftp.NewClient(client)
	require.NoError(t, err)
	defer files.Close()
	file, err := files.Create("/tmp/script.sh")
	require.NoError(t, err)
	_, err = io.Copy(file, strings.NewReader("#!/bin/sh\necho ran in $(cat /etc/debian_version)\n"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, files.Chmod("/tmp/script.sh", 0o755))
	assert.Equal(t, "ran in "+version, Remote(t, client, "/tmp/script.sh", nil))
}
