//go:build acceptance

package acceptance

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stockPackages are what a stock Debian 12 has here: what a cloud's image brings, and what boots it.
var stockPackages = []string{
	"systemd-sysv", "udev", "openssh-server", "python3", "sudo", "cloud-init", "netplan.io", "iproute2",
	"ca-certificates", "initramfs-tools", "linux-image-cloud-amd64", "grub2-common", "grub-pc-bin", "e2fsprogs",
}

// stockArchive is the root file system of a Debian 12 that nothing of this plugin has touched: the host's
// mmdebstrap makes it, once for all tests.
func stockArchive(t *testing.T) string {
	t.Helper()
	arguments := []string{
		"--variant=minbase", "--include=" + strings.Join(stockPackages, ","),
		"--aptopt=APT::Install-Recommends false", "--quiet", "bookworm", "TARGET",
	}
	arguments = append(arguments, stockSources(t)...)
	sum := sha256.Sum256([]byte(strings.Join(arguments, "\n")))
	archive := filepath.Join(sharedCache(t), fmt.Sprintf("stock-%x.tar.zst", sum[:6]))
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(archive), 0o755))
	unfinished, err := os.MkdirTemp(filepath.Dir(archive), "stock-*")
	require.NoError(t, err)
	defer os.RemoveAll(unfinished)
	made := filepath.Join(unfinished, "stock.tar.zst")
	arguments[slices.Index(arguments, "TARGET")] = made
	tool(t, "mmdebstrap", arguments...)
	require.NoError(t, os.Rename(made, archive))
	return archive
}

// stockSources are lines of sources.list(5) for Debian 12 on the mirror that the host's own apt sources name.
func stockSources(t *testing.T) []string {
	t.Helper()
	const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
	var main, security string
	targets := tool(t, "apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages", "Origin: Debian")
	for line := range strings.Lines(targets) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch codename, uri, _ := strings.Cut(rest, " "); {
		case strings.HasSuffix(codename, "-security"):
			security = uri
		case !strings.Contains(codename, "-"):
			main = uri
		}
	}
	require.NotEmpty(t, main, "the host's apt sources name no mirror of Debian:\n%s", targets)
	require.NotEmpty(t, security, "the host's apt sources name no security archive of Debian:\n%s", targets)
	line := func(uri, suite string) string {
		return fmt.Sprintf("deb [signed-by=%s] %s %s main", keyring, uri, suite)
	}
	return []string{line(main, "bookworm"), line(main, "bookworm-updates"), line(security, "bookworm-security")}
}

// What makes another machine of the stock one: scripts that root runs in it.
const (
	// withAdmin adds the user admin, who logs in with the machine's key and may become root without a password.
	withAdmin = `
useradd --create-home --shell /bin/bash admin
cp -r /root/.ssh /home/admin/
chown -R admin: /home/admin/.ssh
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
chmod 440 /etc/sudoers.d/admin`
	// withPlain adds the user plain, who only logs in.
	withPlain = `
useradd --create-home --shell /bin/bash plain
cp -r /root/.ssh /home/plain/
chown -R plain: /home/plain/.ssh`
	// withoutPython removes Python and what needs it, cloud-init and netplan among it.
	withoutPython = `
apt-get -qq -y purge python3-minimal python3.11-minimal libpython3.11-minimal >/dev/null
! command -v python3`
	withoutSudo = `
SUDO_FORCE_REMOVE=yes apt-get -qq -y purge sudo >/dev/null
! command -v sudo`
)

// newStock starts a stock Debian 12 that is reached over SSH, and has root run changes in it: withAdmin and
// the like, or a test's own.
func newStock(t *testing.T, changes ...string) *stock {
	t.Helper()
	require.Zero(t, os.Getuid(), "these tests need root")
	archive := stockArchive(t)
	tree := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, os.Mkdir(tree, 0o755))
	tool(t, "tar", "--zstd", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", archive, "-C", tree)
	s := &stock{tree: tree, keyFile: filepath.Join(filepath.Dir(tree), "key")}
	s.newKey(t)
	resolver, err := os.ReadFile("/etc/resolv.conf")
	require.NoError(t, err)
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"etc/hostname":         {"stock\n", 0o644},
		"etc/hosts":            {"127.0.0.1 localhost\n127.0.1.1 stock\n", 0o644},
		"etc/resolv.conf":      {string(resolver), 0o644},
		"usr/sbin/policy-rc.d": {"#!/bin/sh\nexit 101\n", 0o755},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(tree, name), []byte(file.text), file.mode))
	}
	s.start(t)
	t.Cleanup(s.stop)
	for _, change := range changes {
		s.run(t, change)
	}
	return s
}

// newStockRun is a run of testdata/stock.pkr.hcl on s with a profile's text. user logs in.
func newStockRun(t *testing.T, s *stock, user, profile string) run {
	t.Helper()
	r := newRun(t, sharedCache(t))
	r.dir, r.name = t.TempDir(), "stock"
	template, err := os.ReadFile("testdata/stock.pkr.hcl")
	require.NoError(t, err)
	variables := fmt.Sprintf("documents = [%q]\nhost = %q\nport = %d\nuser = %q\nkey = %q\n",
		filepath.Join(r.dir, "node.yaml"), s.host(), s.port, user, s.keyFile)
	for name, text := range map[string]string{
		"stock.pkr.hcl": string(template), "node.yaml": profile, "stock.auto.pkrvars.hcl": variables,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644))
	}
	return r
}

// TestStock wants the machine that others test with to be one: reached over SSH, apt works in it, nothing
// of it is left.
func TestStock(t *testing.T) {
	s := newStock(t, withAdmin, withPlain)
	assert.Equal(t, "stock\n", s.run(t, "hostname"))
	assert.Equal(t, "bookworm\n", s.run(t, ". /etc/os-release && echo $VERSION_CODENAME"))
	said, err := s.runAs("admin", "sudo -n id -un")
	require.NoError(t, err, said)
	assert.Equal(t, "root\n", said)
	said, err = s.runAs("plain", "sudo -n id -un")
	require.Error(t, err, said)
	assert.Contains(t, said, "password is required")
	s.run(t, "apt-get -qq update && apt-get -qq -y install --no-install-recommends tree >/dev/null && tree --version")
	_, err = s.runAs("root", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	require.Error(t, err, "the host's kernel can be set from inside")

	t.Run("through packer", func(t *testing.T) {
		r := newStockRun(t, s, "admin", "")
		require.NoError(t, os.WriteFile(filepath.Join(r.dir, "stock.pkr.hcl"), []byte(shellTemplate), 0o644))
		said := r.build(t)
		assert.Contains(t, said, "admin on bookworm")
		assert.FileExists(t, filepath.Join(s.tree, "etc/from-packer"))
	})
	t.Run("lost", func(t *testing.T) {
		done := make(chan error, 1)
		go func() {
			_, err := s.runAs("root", "touch /run/began; sleep 600")
			done <- err
		}()
		s.run(t, "while [ ! -e /run/began ]; do sleep 0.1; done")
		s.stop()
		require.Error(t, <-done)
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		require.NoError(t, err)
		assert.NotContains(t, string(mounts), s.tree, "mounts are left")
		assert.Empty(t, processesBelow(t, s.tree), "processes are left")
		s.start(t)
		assert.Equal(t, "stock\n", s.run(t, "hostname"))
	})
}

// TestStockVariants wants those to lack what they are named for, and to get it back from the mirror.
func TestStockVariants(t *testing.T) {
	s := newStock(t, withoutPython, withoutSudo)
	s.run(t, "apt-get -qq update && apt-get -qq -y install --no-install-recommends python3 sudo >/dev/null && python3 -V && sudo -V")
}

// shellTemplate proves the machine with Packer's own parts alone.
const shellTemplate = `
variable "documents" { type = list(string) }
variable "host" { type = string }
variable "port" { type = number }
variable "user" { type = string }
variable "key" { type = string }

source "null" "stock" {
  communicator         = "ssh"
  ssh_host             = var.host
  ssh_port             = var.port
  ssh_username         = var.user
  ssh_private_key_file = var.key
}

build {
  sources = ["source.null.stock"]
  provisioner "file" {
    content     = "from packer\n"
    destination = "/tmp/from-packer"
  }
  provisioner "shell" {
    inline = [
      "echo \"$(id -un) on $(. /etc/os-release && echo $VERSION_CODENAME)\"",
      "sudo -n install -m 644 /tmp/from-packer /etc/from-packer",
    ]
  }
}
`

// processesBelow are the processes whose root directory or program lies below tree.
func processesBelow(t *testing.T, tree string) (found []string) {
	t.Helper()
	output, _ := exec.Command("find", "/proc", "-maxdepth", "2", "(", "-name", "exe", "-o", "-name", "root", "-o", "-name", "cwd", ")",
		"-lname", tree+"*").Output() // processes end meanwhile
	return strings.Fields(string(output))
}
