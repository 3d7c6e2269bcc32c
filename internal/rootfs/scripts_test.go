package rootfs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree makes files with their contents; a name that ends in a slash is a directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

func runScript(t *testing.T, script string, arguments ...string) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-s", "--"}, arguments...)...)
	cmd.Stdin = strings.NewReader(script)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestFinaliseScript(t *testing.T) {
	const epoch = 1700000000
	root := tree(t, map[string]string{
		"etc/passwd": "root", "etc/passwd-": "old", "etc/machine-id": "0123", "etc/resolv.conf": "build's",
		"etc/ssh/ssh_host_rsa_key": "key", "etc/ssh/ssh_host_rsa_key.pub": "key", "etc/ssh/sshd_config": "kept",
		"usr/lib/systemd/": "", "usr/lib/python3/a.py": "kept", "usr/lib/python3/__pycache__/a.pyc": "gone",
		"var/lib/dbus/machine-id": "0123", "var/lib/apt/lists/x": "gone", "var/cache/apt/archives/y.deb": "gone",
		"var/cache/apt/pkgcache.bin": "gone", "var/log/apt/term.log": "gone", "var/log/faillog": "noise",
		"var/log/old.1": "gone", "var/lib/cloud/instance": "gone", "tmp/t": "gone", "run/r": "gone", "dev/null": "gone",
		"root/.bash_history": "gone", "home/ops/.bash_history": "gone", "home/ops/.ssh/authorized_keys": "kept",
		"srv/tmp/kept": "kept",
	})
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(root, "tmp/outside")))
	runScript(t, finaliseScript, root, "1700000000")

	var left []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		assert.False(t, info.ModTime().After(time.Unix(epoch, 0)), "%s is newer than the epoch", path)
		if !entry.IsDir() {
			left = append(left, strings.TrimPrefix(path, root))
		}
		return nil
	}))
	assert.Equal(t, []string{
		"/etc/machine-id", "/etc/passwd", "/etc/ssh/sshd_config", "/home/ops/.ssh/authorized_keys", "/srv/tmp/kept",
		"/usr/lib/python3/a.py", "/var/lib/dbus/machine-id", "/var/log/faillog",
	}, left)
	for _, emptied := range []string{"etc/machine-id", "var/log/faillog"} {
		info, err := os.Stat(filepath.Join(root, emptied))
		require.NoError(t, err)
		assert.Zero(t, info.Size(), emptied)
	}
	link, err := os.Readlink(filepath.Join(root, "var/lib/dbus/machine-id"))
	require.NoError(t, err)
	assert.Equal(t, "/etc/machine-id", link)
}

func TestDivertScript(t *testing.T) {
	root := t.TempDir()
	runScript(t, divertScript, root, "/usr/sbin/update-initramfs", "/usr/lib/python3.11/py_compile.py")
	database, err := os.ReadFile(filepath.Join(root, "var/lib/dpkg/diversions"))
	require.NoError(t, err)
	assert.Equal(t, `/usr/sbin/update-initramfs
/usr/sbin/update-initramfs.airship
:
/usr/lib/python3.11/py_compile.py
/usr/lib/python3.11/py_compile.py.airship
:
`, string(database))
	require.NoError(t, exec.Command(filepath.Join(root, "usr/sbin/update-initramfs")).Run())
	program, err := os.ReadFile(filepath.Join(root, "usr/lib/python3.11/py_compile.py"))
	require.NoError(t, err)
	assert.Empty(t, program)
}

// A program that was diverted is itself again, whether it was installed meanwhile or not; so it is when the step is tried once more.
func TestRestoreScript(t *testing.T) {
	root := tree(t, map[string]string{"bin/there": "stub", "bin/there.airship": "program", "bin/none": "stub", "bin/own": "program"})
	t.Setenv("DPKG_ADMINDIR", filepath.Join(root, "dpkg"))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "dpkg"), 0o755))
	bin := filepath.Join(root, "bin")
	var diversions strings.Builder
	for _, name := range []string{"there", "none"} {
		diversions.WriteString(bin + "/" + name + "\n" + bin + "/" + name + ".airship\n:\n")
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "dpkg", "diversions"), []byte(diversions.String()), 0o644))
	for range 2 {
		runScript(t, restoreScript, bin+"/there", bin+"/none", bin+"/own")
		for _, name := range []string{"there", "own"} {
			text, err := os.ReadFile(filepath.Join(bin, name))
			require.NoError(t, err)
			assert.Equal(t, "program", string(text), name)
		}
		left, err := os.ReadDir(bin)
		require.NoError(t, err)
		assert.Len(t, left, 2)
		kept, err := os.ReadFile(filepath.Join(root, "dpkg", "diversions"))
		require.NoError(t, err)
		assert.Empty(t, string(kept))
	}
}
