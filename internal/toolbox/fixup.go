package toolbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// fixups make what maintainer scripts would have made, as far as the toolbox's programs need it.
var fixups = []struct {
	name string
	make func(*os.Root) error
}{
	{"links", makeLinks},
	{"users and groups", makeUsers},
	{"certificates", makeCertificates},
	{"files of /etc", makeFiles},
	{"mount points", makeMountPoints},
}

// Fix makes the few files in an unpacked tree that maintainer scripts would have made. It runs as root, or as
// root of a user namespace, once a tree.
func Fix(tree string) error {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	for _, f := range fixups {
		if err := f.make(root); err != nil {
			return errors.Join(fmt.Errorf("make the toolbox's %s: %w", f.name, err), root.Close())
		}
	}
	return root.Close()
}

// links are those of alternatives (which nobody chooses between here) and of base-files' postinst. All are
// relative, so that they lead the same way from outside the tree.
var links = []struct{ name, target string }{
	{"usr/bin/awk", "mawk"},
	{"usr/bin/which", "which.debianutils"},
	{"etc/mtab", "../proc/self/mounts"},
	{"var/run", "../run"},
	{"var/lock", "../run/lock"},
}

func makeLinks(root *os.Root) error {
	for _, link := range links {
		if err := root.MkdirAll(path.Dir(link.name), 0o755); err != nil {
			return err
		}
		// base-files ships var/run and var/lock as empty directories.
		if err := root.Remove(link.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := root.Symlink(link.target, link.name); err != nil {
			return err
		}
	}
	return nil
}

// files have fixed contents.
var files = []struct{ name, content string }{
	// The machine writes its own in place of these two.
	{"etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"},
	{"etc/resolv.conf", ""},
	// nsswitch.conf(5): without it, C programs ask DNS before /etc/hosts.
	{"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\ngshadow: files\nhosts: files dns\n" +
		"networks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n"},
	// The shells that sshd and su accept.
	{"etc/shells", "/bin/sh\n/bin/bash\n"},
	// apt and dpkg want a status; nothing is installed in the sense of dpkg, for nothing was configured.
	{"var/lib/dpkg/status", ""},
}

func makeFiles(root *os.Root) error {
	for _, f := range files {
		if err := writeFile(root, f.name, []byte(f.content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// mountPoints are empty directories that a machine mounts on, for the tree is read-only then.
var mountPoints = []string{"dev", "output", "proc", "run", "scratch", "sys", "target", "tmp"}

// runtimeDirectories lie below a mount point; they serve where nothing is mounted on it.
var runtimeDirectories = []string{"run/lock", "run/sshd"}

func makeMountPoints(root *os.Root) error {
	for _, name := range append(mountPoints, runtimeDirectories...) {
		if err := root.MkdirAll(name, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file with exactly this mode, whatever the umask; its directory is made where it is missing.
func writeFile(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(name, content, mode); err != nil {
		return err
	}
	return root.Chmod(name, mode)
}
