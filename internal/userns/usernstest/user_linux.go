// Package usernstest lets tests that root runs try the same as an ordinary user.
package usernstest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// asUser is set in the environment of a test binary that RunAsUser started.
const asUser = "AIRSHIP_TEST_AS_USER"

// RunAsUser runs this test binary's tests that match pattern again, as a user with subordinate
// ids who is made for the purpose (useradd), in a private directory of its own that is also HOME
// and TMPDIR. env holds NAME=VALUE pairs for them. It needs root; an ordinary user already is
// what it is for, so that it then does nothing.
func RunAsUser(t *testing.T, pattern string, env ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	name := "airship-" + strconv.Itoa(os.Getpid())
	home, err := os.MkdirTemp("", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	run(t, "useradd", "--home-dir", home, "--no-create-home", "--user-group", name)
	t.Cleanup(func() { run(t, "userdel", name) })
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := number(t, u.Uid), number(t, u.Gid)
	if err := os.Chown(home, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	// The binary that go test built may lie where only root can go.
	binary := filepath.Join(home, "test")
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, text, 0o755); err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(binary, "-test.run="+pattern, "-test.count=1", "-test.v")
	cmd.Dir = home
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, asUser + "=1"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	out, err := cmd.CombinedOutput()
	t.Logf("as %s:\n%s", name, out)
	if err != nil {
		t.Errorf("tests as %s: %v", name, err)
	}
}

// Again says that this process was started by RunAsUser.
func Again() bool { return os.Getenv(asUser) != "" }

func run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%v: %w: %s", args, err, out))
	}
}

func number(t *testing.T, text string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}
