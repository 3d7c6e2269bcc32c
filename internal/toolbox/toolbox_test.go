//go:build linux

package toolbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// hostMirror is the Debian archive that this host's apt uses, in either format of sources.list(5).
func hostMirror(t *testing.T) string {
	names, err := filepath.Glob("/etc/apt/sources.list.d/*")
	require.NoError(t, err)
	archive := regexp.MustCompile(`(?m)^(?:deb(?: \[[^]]*\])? |URIs: *)(\S+/debian/?)(?:\s|$)`)
	for _, name := range append(names, "/etc/apt/sources.list") {
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		if found := archive.FindSubmatch(text); found != nil {
			return string(found[1])
		}
	}
	t.Fatal("this test needs a Debian host whose apt sources name an archive .../debian")
	return ""
}

// tools are programs that must work in a finished tree, and what they print.
var tools = []struct {
	want string
	args []string
}{
	{"mke2fs 1.", []string{"mke2fs", "-V"}},
	{"Usage: mkfs.vfat", []string{"mkfs.vfat", "--help"}},
	{"mtools", []string{"mcopy", "--version"}},
	{"sfdisk from util-linux", []string{"sfdisk", "--version"}},
	{"mmdebstrap 1.", []string{"mmdebstrap", "--version"}},
	{"apt 3.", []string{"apt-get", "--version"}},
	{"package management program", []string{"dpkg", "--version"}},
	{"sqv 1.", []string{"sqv", "--version"}},
	{"True", []string{"python3", "-c", "import ssl; print(ssl.create_default_context().cert_store_stats()['x509_ca'] > 100)"}},
	{"/ansible/cli/__pycache__/", []string{"python3", "-c", "import ansible.cli; print(ansible.cli.__cached__)"}},
	{"ansible-playbook [core 2.", []string{"ansible-playbook", "--version"}},
	{"OpenSSH_", []string{"sshd", "-V"}},
	{"42", []string{"awk", "BEGIN { print 6 * 7 }"}},
	{"/usr/bin/sh", []string{"which", "sh"}},
	{"sshd:x:100:65534::/run/sshd:/usr/sbin/nologin", []string{"getent", "passwd", "sshd"}},
	{"root:*:", []string{"getent", "shadow", "root"}},
	{"localhost", []string{"getent", "hosts", "localhost"}},
	{"da39a3ee", []string{"perl", "-MDigest::SHA=sha1_hex", "-e", "print sha1_hex('')"}},
	{"kmod version", []string{"kmod", "--version"}},
	{"Zstandard", []string{"zstd", "--version"}},
	{"util-linux", []string{"unshare", "--version"}},
}

// environment of a program in the tree.
var environment = []string{"PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", "HOME=/root", "PYTHONDONTWRITEBYTECODE=1"}

// runTools runs all tools with tree as their root directory.
func runTools(tree string) error {
	for _, tool := range tools {
		program := exec.Command("/usr/bin/env", tool.args...)
		program.Dir, program.Env = "/", environment
		program.SysProcAttr = &syscall.SysProcAttr{Chroot: tree}
		output, err := program.CombinedOutput()
		if err != nil || !strings.Contains(string(output), tool.want) {
			return fmt.Errorf("%q: %w; it printed %q and not %q", tool.args, err, output, tool.want)
		}
	}
	return nil
}

// entryTools runs the tools in the working directory, as root of a user namespace.
const entryTools = "toolbox test tools"

func doTools(context.Context, userns.Call) error { return runTools(".") }

// TestToolbox makes the whole toolbox from the host's mirror, as root and as root of a user namespace, and runs
// its programs. It needs root, for it changes its root directory, and the mirror.
func TestToolbox(t *testing.T) {
	require.Zero(t, os.Geteuid(), "this test needs root")
	mapping, err := userns.Detect(t.Context())
	require.NoError(t, err)
	cacheDir := t.TempDir()
	o := options(t, cacheDir, hostMirror(t), nil)
	o.Architecture, o.Owner, o.Inside = runtime.GOARCH, "root", nil

	start := time.Now()
	made, err := Ensure(t.Context(), o)
	require.NoError(t, err)
	t.Logf("%d packages, %d MB: %s from nothing", len(made.Pin.Packages), made.Pin.Size()/1e6, time.Since(start))
	// Before the tools run: some leave files in the tree.
	t.Run("boot", func(t *testing.T) { testBoot(t, o, made) })
	require.NoError(t, runTools(made.Dir))

	start = time.Now()
	again, err := Ensure(t.Context(), Options{CacheDir: cacheDir, Architecture: runtime.GOARCH, Owner: "root"})
	require.NoError(t, err)
	assert.Equal(t, made, again)
	t.Logf("%s where it is present", time.Since(start))

	o.Owner, o.Inside = Mapped(mapping)
	start = time.Now()
	mapped, err := Ensure(t.Context(), o)
	require.NoError(t, err)
	t.Logf("%s in the user namespace %s, with the packages present", time.Since(start), o.Owner)
	assert.Equal(t, made.Pin, mapped.Pin, "resolved once")
	require.NoError(t, mapping.Run(t.Context(), userns.Job{Entry: entryTools, Dir: mapped.Dir}))
	assert.Equal(t, inventory(t, made.Dir, 0, 0),
		inventory(t, mapped.Dir, mapping.UIDs[0].Outside, mapping.GIDs[0].Outside))
}

// inventory describes every file of a tree, with owners as seen inside a mapping that begins at uid and gid.
func inventory(t *testing.T, tree string, uid, gid uint32) map[string]string {
	all := map[string]string{}
	err := filepath.WalkDir(tree, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%s %d:%d", info.Mode(), stat.Uid-uid, stat.Gid-gid)
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %x", sha256.Sum256(content))
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			text += " " + target
		}
		all[strings.TrimPrefix(name, tree)] = text
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(all), 5000)
	return all
}
