package toolbox

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// entry is a file, directory or symbolic link that no package ships as it is needed here.
type entry struct {
	name string      // relative to the root directory
	mode fs.FileMode // type and permissions
	gid  int         // the group's number; the owner is root
	// content is a file's, or a link's target.
	content string
}

func fileEntry(name, content string) entry { return entry{name: name, mode: 0o644, content: content} }

func linkEntry(name, target string) entry {
	return entry{name: name, mode: fs.ModeSymlink | 0o777, content: target}
}

func directoryEntry(name string) entry { return entry{name: name, mode: fs.ModeDir | 0o755} }

// isFixupInput says that fixups reads the packages' file name.
func isFixupInput(name string) bool {
	return name == passwdMaster || name == groupMaster || within(authorities, name) && path.Ext(name) == ".crt"
}

// fixups are what maintainer scripts would have made, as far as the toolbox's programs need it, from the contents of
// the files that isFixupInput names. A file or link takes the place of what a package has there; a directory
// that is there stays as it is.
func fixups(inputs map[string][]byte) ([]entry, error) {
	users, err := userFiles(inputs)
	if err != nil {
		return nil, fmt.Errorf("make the toolbox's users and groups: %w", err)
	}
	certificates, err := certificateBundle(inputs)
	if err != nil {
		return nil, fmt.Errorf("make the toolbox's certificates: %w", err)
	}
	return slices.Concat(links, users, []entry{certificates}, files, mountPoints, runtimeDirectories), nil
}

// links are those of alternatives (which nobody chooses between here) and of base-files' postinst. All are
// relative, so that they lead the same way from outside the tree.
var links = []entry{
	linkEntry("usr/bin/awk", "mawk"),
	linkEntry("usr/bin/which", "which.debianutils"),
	linkEntry("etc/mtab", "../proc/self/mounts"),
	// base-files ships these two as empty directories.
	linkEntry("var/run", "../run"),
	linkEntry("var/lock", "../run/lock"),
}

// files have fixed contents.
var files = []entry{
	// The machine writes its own in place of these two.
	fileEntry("etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"),
	fileEntry("etc/resolv.conf", ""),
	// nsswitch.conf(5): without it, C programs ask DNS before /etc/hosts.
	fileEntry("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\ngshadow: files\nhosts: files dns\n"+
		"networks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n"),
	// The shells that sshd and su accept.
	fileEntry("etc/shells", "/bin/sh\n/bin/bash\n"),
	// apt and dpkg want a status; nothing is installed in the sense of dpkg, for nothing was configured.
	fileEntry("var/lib/dpkg/status", ""),
}

// mountPoints are empty directories that a machine mounts on, for the tree is read-only then.
var mountPoints = []entry{
	directoryEntry("dev"), directoryEntry("output"), directoryEntry("proc"), directoryEntry("run"),
	directoryEntry("scratch"), directoryEntry("sys"), directoryEntry("target"), directoryEntry("tmp"),
}

// runtimeDirectories lie below a mount point; they serve where nothing is mounted on it.
var runtimeDirectories = []entry{directoryEntry("run/lock"), directoryEntry("run/sshd")}
