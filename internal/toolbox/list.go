package toolbox

import (
	"fmt"
	"slices"
	"strings"
)

// group is a part of the package list and why the toolbox has it.
type group struct {
	reason   string
	packages []string
}

// groups are what every architecture's toolbox is made of, besides its kernel. Debian's essential packages
// are named because a closure by Depends alone leaves them out: packages rely on them without saying so.
var groups = []group{
	{"the tree's frame: users, groups, directories, the links of the merged /usr", []string{
		"base-files", "base-passwd",
	}},
	{"the shell and the small programs that scripts of packages and roles call", []string{
		"bash", "bsdutils", "coreutils", "dash", "debianutils", "diffutils", "findutils", "grep", "hostname",
		"init-system-helpers", "libc-bin", "mawk", "ncurses-base", "ncurses-bin", "perl-base", "sed",
		"sysvinit-utils",
	}},
	{"archives, and the compressions of packages, initramfs and images", []string{
		"gzip", "tar", "xz-utils", "zstd",
	}},
	{"root filesystems: mmdebstrap, what it calls, and what apt checks signatures with", []string{
		"apt", "ca-certificates", "debian-archive-keyring", "dpkg", "mmdebstrap", "perl", "sqv",
	}},
	{"disks: partitions and file systems, filled without a mount", []string{
		"btrfs-progs", "dosfstools", "e2fsprogs", "fdisk", "mtools", "xfsprogs",
	}},
	{"live systems", []string{
		"squashfs-tools", "xorriso",
	}},
	{"the machine: mounts, modules, users, its SSH doors", []string{
		"kmod", "mount", "openssh-client", "openssh-server", "openssh-sftp-server", "passwd", "util-linux",
	}},
	// One package with 0.6 MB unpacked, where iproute2 brings eight with 4.3 MB.
	{"a QEMU machine's address and route", []string{
		"net-tools",
	}},
	{"configuration: Ansible", []string{
		"ansible-core", "python3",
	}},
	{"the smallest that kernel and OpenSSH accept for an initramfs generator and systemd, neither of which runs here", []string{
		"systemd-standalone-sysusers", "tiny-initramfs",
	}},
}

// kernels are the kernel packages for a QEMU machine, by Debian's architecture name.
var kernels = map[string]string{
	"amd64": "linux-image-cloud-amd64",
	"arm64": "linux-image-cloud-arm64",
}

// Suite is Debian's suite that the toolbox is made of.
const Suite = "trixie"

// Packages names what the toolbox of suite and architecture (Debian's name of it) is made of, sorted, without
// what these packages depend on. Recommended packages are no part of it.
func Packages(suite, architecture string) ([]string, error) {
	if suite != Suite {
		return nil, fmt.Errorf("no toolbox is made of the suite %q: use %s", suite, Suite)
	}
	kernel, ok := kernels[architecture]
	if !ok {
		return nil, fmt.Errorf("no toolbox for the architecture %q: amd64 and arm64 have one", architecture)
	}
	names := []string{kernel}
	for _, g := range groups {
		names = append(names, g.packages...)
	}
	slices.SortFunc(names, strings.Compare)
	return names, nil
}
