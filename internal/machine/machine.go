// Package machine is the isolated place where the toolbox's programs run.
//
// A Machine has the toolbox as its root directory (read-only), /scratch for the work of one
// build, /target for the root filesystem under construction and /output for finished images.
// What runs inside cannot tell the kinds (namespace, qemu) apart.
package machine

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Paths inside every machine.
const (
	Scratch = "/scratch" // private, writable, gone with the machine
	Target  = "/target"  // the root filesystem under construction
	Output  = "/output"  // what the build keeps
	Disk    = Output + "/disk.raw"
)

const (
	// Authorities is where Debian's programs look for the certificate authorities that they trust, a
	// PEM file in the machine and in a target.
	Authorities = "/etc/ssl/certs/ca-certificates.crt"
	// ExtraAuthorities is the PEM file of those that both trust besides; there may be none.
	ExtraAuthorities = serverDir + "/authorities.pem"
)

// Hostname is every machine's: a name that sudo and others find in any target's /etc/hosts, and
// that does no harm where a package keeps it.
const Hostname = "localhost"

// Door names one of a machine's SSH servers.
type Door string

const (
	// Toolbox is the door to the toolbox's root, for the builder's and Ansible's commands.
	Toolbox Door = "toolbox"
	// TargetDoor is the door to a chroot in Target, for Packer's communicator.
	TargetDoor Door = "target"
)

// Command is a program run in a machine as root.
type Command struct {
	// Args is the program, looked up in PATH, and its arguments; no shell is involved.
	Args []string
	// Env holds NAME=VALUE pairs added to the machine's small fixed environment
	// (PATH, HOME=/root, LC_ALL=C.UTF-8, TMPDIR, proxies).
	Env []string
	// Chroot runs it in Target, with /proc, /sys, /dev, resolv.conf and policy-rc.d in place.
	Chroot bool
	// Stdin, Stdout and Stderr may be nil: empty input, output kept for the error alone.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Machine is one running machine. Its methods are safe for concurrent use.
type Machine interface {
	// Run runs c to its end. A non-zero exit is an *ExitError. When ctx ends, c is killed.
	Run(ctx context.Context, c Command) error
	// WriteFile makes or replaces a file inside, root-owned, with its parent directories.
	WriteFile(ctx context.Context, path string, mode fs.FileMode, data []byte) error
	// Dial connects to the SSH server behind door.
	Dial(ctx context.Context, door Door) (net.Conn, error)
	// ClientConfig logs in at either door.
	ClientConfig() *ssh.ClientConfig
	// Access is the Toolbox door for other processes of this user (the provisioner), see Connect.
	Access() Access
	// OpenTarget mounts /proc, /sys, /dev, resolv.conf and policy-rc.d in Target, so that programs
	// of the target run, and adds ExtraAuthorities to what they trust; the returned function undoes it
	// and leaves Target without a trace.
	OpenTarget(ctx context.Context) (undo func(context.Context) error, err error)
	// Gateway is the host's address for programs inside: what listens on the host's 127.0.0.1 is
	// reached there.
	Gateway() string
	// Memory is how many bytes programs inside can still take; 0 where that is not known.
	Memory(ctx context.Context) (int64, error)
	// NewDisk makes Disk: size bytes of zeros that take no room. An earlier one is gone. It is a file
	// or a block device, and nothing may be put in its place.
	NewDisk(ctx context.Context, size int64) error
	// PowerOff ends the machine in order and returns the path of Disk on the host, complete, or an
	// empty one where NewDisk was never called. Nothing but Close may follow.
	PowerOff(ctx context.Context) (disk string, err error)
	// Close ends every process inside at once and removes what the machine made on the host, but for
	// the directories and files that its caller gave it.
	Close() error
}

// ExitError says that a command ran and failed.
type ExitError struct {
	Args   []string
	Code   int    // exit status; -1 when a signal ended it
	Signal string // e.g. KILL; empty for a plain exit
	Tail   string // the last lines it wrote to stderr (or stdout), at most 4 KiB
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		how = "killed by " + e.Signal
	}
	text := fmt.Sprintf("%s: %s", e.Args[0], how)
	if tail := strings.TrimSpace(e.Tail); tail != "" {
		text += ":\n" + tail
	}
	return text
}
