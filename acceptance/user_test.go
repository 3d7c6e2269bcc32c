//go:build acceptance

package acceptance

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// newUser makes a user without any right but sub-ids, and removes it afterwards.
func newUser(t *testing.T) *user.User {
	t.Helper()
	const name = "airship-test"
	_ = exec.Command("userdel", "--remove", name).Run() // of a test that was killed
	tool(t, "useradd", "--create-home", "--shell", "/bin/sh", name)
	t.Cleanup(func() { tool(t, "sh", "-c", "userdel --remove "+name+" 2>/dev/null") })
	subids, err := os.ReadFile("/etc/subuid")
	require.NoError(t, err)
	if !strings.Contains(string(subids), name+":") {
		tool(t, "usermod", "--add-subuids", "400000-465535", "--add-subgids", "400000-465535", name)
	}
	u, err := user.Lookup(name)
	require.NoError(t, err)
	return u
}

// as makes packer run as u, from u's home directory, with copies of the programs that it may run.
func (r run) as(t *testing.T, u *user.User) run {
	t.Helper()
	home := filepath.Join(u.HomeDir, "site")
	tool(t, "cp", "-r", r.dir, home)
	tool(t, "cp", "-r", os.Getenv("PACKER_PLUGIN_PATH"), filepath.Join(u.HomeDir, "plugins"))
	packer := filepath.Join(u.HomeDir, "packer")
	tool(t, "cp", os.Getenv("AIRSHIP_PACKER"), packer)
	tool(t, "chown", "-R", u.Username, u.HomeDir)
	t.Setenv("AIRSHIP_PACKER", packer)

	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	return run{
		dir:  home,
		name: r.name,
		env: []string{
			"HOME=" + u.HomeDir, "USER=" + u.Username, "PATH=" + os.Getenv("PATH"), "CHECKPOINT_DISABLE=1",
			"PACKER_PLUGIN_PATH=" + filepath.Join(u.HomeDir, "plugins"),
			"PACKER_CACHE_DIR=" + filepath.Join(u.HomeDir, "cache"),
		},
		user: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
	}
}
