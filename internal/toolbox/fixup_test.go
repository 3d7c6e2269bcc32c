//go:build linux

package toolbox

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bareTree has what Fix reads.
func bareTree(t *testing.T) string {
	tree := t.TempDir()
	for name, content := range map[string]string{
		passwdMaster: "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
		groupMaster:  "root:*:0:\nshadow:*:42:\n",
		"usr/share/ca-certificates/mozilla/B.crt":     "-----B-----",
		"usr/share/ca-certificates/mozilla/A.crt":     "-----A-----\n",
		"usr/share/ca-certificates/mozilla/notes.txt": "not a certificate",
		"usr/bin/mawk": "",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(tree, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(tree, name), []byte(content), 0o644))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(tree, "var/lock"), 0o755))
	return tree
}

func TestFix(t *testing.T) {
	tree := bareTree(t)
	require.NoError(t, Fix(tree))
	for name, want := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/bash\n" +
			"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" +
			"sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n",
		"etc/shadow":                        "root:*::0:99999:7:::\nnobody:*::0:99999:7:::\nsshd:*::0:99999:7:::\n",
		"etc/group":                         "root:x:0:\nshadow:x:42:\n",
		"etc/gshadow":                       "root:*::\nshadow:*::\n",
		"etc/ssl/certs/ca-certificates.crt": "-----A-----\n-----B-----\n",
		"etc/resolv.conf":                   "",
	} {
		content, err := os.ReadFile(filepath.Join(tree, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(content), name)
	}
	for name, want := range map[string]string{"usr/bin/awk": "mawk", "var/lock": "../run/lock", "etc/mtab": "../proc/self/mounts"} {
		target, err := os.Readlink(filepath.Join(tree, name))
		require.NoError(t, err)
		assert.Equal(t, want, target)
	}
	info, err := os.Stat(filepath.Join(tree, "etc/shadow"))
	require.NoError(t, err)
	assert.EqualValues(t, 0o640, info.Mode())
	if os.Geteuid() == 0 { // only root gives files away
		assert.EqualValues(t, shadowGroup, info.Sys().(*syscall.Stat_t).Gid)
	}
	for _, name := range []string{"scratch", "target", "output", "proc", "sys", "dev", "run/sshd", "tmp"} {
		assert.DirExists(t, filepath.Join(tree, name))
	}
}

func TestFixSaysWhatIsMissing(t *testing.T) {
	tree := bareTree(t)
	require.NoError(t, os.WriteFile(filepath.Join(tree, groupMaster), []byte("root\n"), 0o644))
	assert.ErrorContains(t, Fix(tree), `users and groups: usr/share/base-passwd/group.master: line "root\n" has no name`)
	tree = bareTree(t)
	require.NoError(t, os.RemoveAll(filepath.Join(tree, authorities, "mozilla")))
	assert.ErrorContains(t, Fix(tree), "holds no certificate")
}

func FuzzShadowed(f *testing.F) {
	f.Add([]byte("root:*:0:0:root:/root:/bin/bash\n"))
	f.Add([]byte("a::\n:b\n\n"))
	f.Fuzz(func(t *testing.T, master []byte) {
		open, secret, err := shadowed(master, "*::")
		if err != nil {
			return
		}
		again, secretAgain, err := shadowed(open, "*::")
		require.NoError(t, err)
		assert.Equal(t, string(open), string(again))
		assert.Equal(t, string(secret), string(secretAgain))
	})
}
