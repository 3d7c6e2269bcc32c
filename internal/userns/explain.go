package userns

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Refusal says what forbids user namespaces here and what to do about it.
type Refusal struct {
	// Forbids is the reason, Remedy what the user can do.
	Forbids, Remedy string
	// Err is what the kernel or a tool answered; may be nil.
	Err error
}

func (r *Refusal) Error() string {
	text := r.Forbids
	if r.Err != nil {
		text += " (" + r.Err.Error() + ")"
	}
	return text + ": " + r.Remedy
}

func (r *Refusal) Unwrap() error { return r.Err }

// facts are what explain looks at. A setting is empty where the kernel does not have it.
type facts struct {
	root       bool
	clone      string // kernel.unprivileged_userns_clone (Debian, Arch)
	max        string // user.max_user_namespaces
	apparmor   string // kernel.apparmor_restrict_unprivileged_userns (Ubuntu)
	noNewPrivs string // NoNewPrivs of /proc/self/status
	seccomp    string // Seccomp of /proc/self/status: 0 none, 2 filter
}

// The steps of a probe.
const (
	stepClone = "clone"
	stepMap   = "map"
	stepMount = "mount"
	stepProc  = "proc"
)

// explain turns the failure of a probe's step into a Refusal.
func explain(step string, err error, f facts) error {
	switch {
	case f.max == "0":
		return &Refusal{
			"user.max_user_namespaces is 0, which turns user namespaces off",
			"as root: sysctl -w user.max_user_namespaces=15000 (and in /etc/sysctl.d to keep it)", err,
		}
	case f.clone == "0" && !f.root:
		return &Refusal{
			"kernel.unprivileged_userns_clone is 0, which keeps user namespaces from ordinary users",
			"as root: sysctl -w kernel.unprivileged_userns_clone=1 (and in /etc/sysctl.d to keep it)", err,
		}
	case step == stepMap && f.noNewPrivs == "1":
		return &Refusal{
			"newuidmap cannot gain the rights it needs as this process runs with no_new_privs",
			"start packer without it (a systemd service: NoNewPrivileges=no; a container: without --security-opt no-new-privileges)", err,
		}
	case step == stepMap:
		return &Refusal{
			"the ids of /etc/subuid and /etc/subgid could not be mapped",
			"check that newuidmap and newgidmap are setuid root and that their file system is not mounted nosuid", err,
		}
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS):
		return &Refusal{
			"the limit of user namespaces, user.max_user_namespaces = " + f.max + " or 32 within one another, is reached",
			"raise it, or end what uses them (lsns -t user)", err,
		}
	case step == stepClone && (errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS)):
		return &Refusal{
			"this kernel has no user namespaces (CONFIG_USER_NS)",
			"build on a kernel that has them, or in a virtual machine", err,
		}
	case f.apparmor == "1" && !f.root && denied(err):
		return &Refusal{
			"AppArmor denies user namespaces their rights (kernel.apparmor_restrict_unprivileged_userns is 1)",
			"as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or install an AppArmor profile " +
				"with \"userns,\" for the plugin's path, or run packer as root", err,
		}
	case step == stepProc && denied(err):
		return &Refusal{
			"a new /proc cannot be mounted, as this container hides parts of its own",
			"run the container with --security-opt systempaths=unconfined (podman: unmask=ALL), or run packer outside it", err,
		}
	case denied(err):
		by := "a container's policy, a security module or a chroot forbids user namespaces"
		if f.seccomp == "2" {
			by = "a seccomp filter (as containers have) forbids user namespaces"
		}
		return &Refusal{
			by, "run the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, " +
				"or run packer outside it or in a virtual machine", err,
		}
	}
	return fmt.Errorf("user namespace: %s: %w", step, err)
}

func denied(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES)
}

// noSubIDs refuses a user without an entry in file, /etc/subuid or /etc/subgid.
func noSubIDs(file, user string) error {
	return &Refusal{
		fmt.Sprintf("%s has no entry for the user %s", file, user),
		"as root: " + grant(file, user), nil,
	}
}

// fewSubIDs refuses ranges that, with the user's own id, are fewer than span ids.
func fewSubIDs(file, user string, have uint32) error {
	return &Refusal{
		fmt.Sprintf("%s grants the user %s %d ids, and a Debian system needs %d", file, user, have-1, span-1),
		"as root: " + grant(file, user), nil,
	}
}

func grant(file, user string) string {
	option := "--add-subuids"
	if strings.HasSuffix(file, "gid") {
		option = "--add-subgids"
	}
	return fmt.Sprintf("usermod %s 524288-589823 %s, or echo %s:524288:65536 >> %s (another range where that one is taken)",
		option, user, user, file)
}

// noTool refuses where newuidmap or newgidmap is missing.
func noTool(name string) error {
	return &Refusal{
		name + " is not installed",
		"as root: apt-get install uidmap (Fedora: dnf install shadow-utils)", nil,
	}
}

// noSetuid refuses where newuidmap or newgidmap lacks its rights.
func noSetuid(path string) error {
	return &Refusal{
		path + " is neither setuid root nor has it the file capability",
		"as root: chmod u+s " + path, nil,
	}
}

// noIDs refuses root in a namespace that is itself too small.
func noIDs() error {
	return &Refusal{
		fmt.Sprintf("this process runs in a user namespace with fewer than %d ids", span),
		"give the container that it runs in a full range of ids, or run packer outside it", nil,
	}
}
