package machinetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// files are those that a machine has and a toolbox does not, and the modes of its directories.
func files(t *testing.T, m machine.Machine) {
	assert.Equal(t, "uid=0(root) gid=0(root) groups=0(root)", Output(t, m, "id"))
	assert.Equal(t, "localhost", Output(t, m, "hostname"))
	assert.Equal(t, "localhost", Output(t, m, "cat", "/etc/hostname"))
	assert.Contains(t, Output(t, m, "cat", "/etc/hosts"), "127.0.0.1 localhost")
	assert.Equal(t, "0022", Shell(t, m, "umask"))
	assert.Equal(t, "/root", Shell(t, m, "pwd"))
	assert.Equal(t, "0 65534", Shell(t, m, "cd /scratch; touch a b; chown 65534 b; echo $(stat -c %u a b)"))
	for modes, paths := range map[string]string{
		"755 0:0 directory":     "/ /etc /usr /boot /var /run /run/lock /run/sshd /dev /scratch /target /output",
		"1777 0:0 directory":    "/tmp /var/tmp /dev/shm",
		"700 0:0 directory":     "/root /etc/ssl/private",
		"640 0:42 regular file": "/etc/shadow",
	} {
		assert.Equal(t, modes, Shell(t, m, "stat -c '%a %u:%g %F' "+paths+" | sort -u"), paths)
	}
	for _, dir := range []string{
		"/tmp", "/run", "/root", "/var/tmp", "/var/lib", "/dev/shm", machine.Scratch, machine.Target, machine.Output,
	} {
		Shell(t, m, "touch "+dir+"/x; rm "+dir+"/x")
	}
}

func readOnly(t *testing.T, m machine.Machine) {
	for _, file := range []string{"/x", "/usr/x", "/bin/x", "/boot/x", "/etc/x", "/sys/x"} {
		var exit *machine.ExitError
		require.ErrorAs(t, m.Run(t.Context(), machine.Command{Args: []string{"touch", file}}), &exit, file)
		assert.Contains(t, exit.Tail, "Read-only file system", file)
	}
	for _, setting := range []string{"kernel/printk", "vm/swappiness", "kernel/core_pattern"} {
		require.Error(t, m.Run(t.Context(), machine.Command{
			Args: []string{"sh", "-c", "cat $1 | tee $1", "write", "/proc/sys/" + setting},
		}), setting)
	}
}

func devices(t *testing.T, m machine.Machine) {
	Shell(t, m, `echo x >/dev/null
		head -c 9 /dev/zero /dev/random /dev/urandom >/dev/null
		ls /dev/fd/0 >/dev/stdout`)
	assert.Equal(t, "No space left on device", Shell(t, m, "(printf x | cat >/dev/full) 2>&1 | sed 's/.*: //'"))
	assert.Equal(t, "666 666 666 666 666 666", Shell(t, m, "cd /dev; echo $(stat -c %a null zero full random urandom tty)"))
}

// orphans that have ended are reaped: a build makes thousands.
func orphans(t *testing.T, m machine.Machine) {
	Shell(t, m, "for i in $(seq 20); do (setsid sleep 0.1 >/dev/null 2>&1 </dev/null &); done")
	assert.Empty(t, Shell(t, m, `for round in $(seq 300); do
			left=$(ps -o pid=,stat=,args= --ppid 1 | grep ' Z' || :)
			[ -n "$left" ] || exit 0
			sleep 0.1
		done
		echo "$left"`))
}
