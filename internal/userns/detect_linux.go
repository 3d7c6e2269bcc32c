package userns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Detect finds out which mapping this user can have and tries it: it starts a process under it
// that mounts. What forbids it is a *Refusal.
func Detect(ctx context.Context) (Mapping, error) {
	find := forUser
	if os.Geteuid() == 0 {
		find = forRoot
	}
	m, err := find()
	if err != nil {
		return Mapping{}, err
	}
	step := stepMount
	err = m.Run(ctx, Job{
		Entry:      entryProbe,
		Namespaces: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Progress:   func(line string) { step = line },
	})
	if err == nil {
		return m, nil
	}
	var early *stepError
	if errors.As(err, &early) {
		step, err = early.step, early.err
	}
	if ctx.Err() != nil {
		return Mapping{}, err
	}
	return Mapping{}, explain(step, err, gather())
}

// forRoot takes a range of its own, or maps root to itself where there is none.
func forRoot() (Mapping, error) {
	uids, err := readIDMap("/proc/self/uid_map")
	if err != nil {
		return Mapping{}, err
	}
	gids, err := readIDMap("/proc/self/gid_map")
	if err != nil {
		return Mapping{}, err
	}
	var taken []Range
	for _, file := range []string{subUIDs, subGIDs} {
		owned, err := readSubIDs(file)
		if err != nil {
			return Mapping{}, err
		}
		for _, o := range owned {
			taken = append(taken, o.Range)
		}
	}
	if first, found := shift(taken, uids, gids); found && mayLend() {
		extents := []Extent{{Inside: 0, Outside: first, Count: span}}
		return Mapping{UIDs: extents, GIDs: extents, Direct: true}, nil
	}
	sameUIDs, ok := same(uids)
	if !ok {
		return Mapping{}, noIDs()
	}
	sameGIDs, ok := same(gids)
	if !ok {
		return Mapping{}, noIDs()
	}
	return Mapping{UIDs: sameUIDs, GIDs: sameGIDs, Direct: true, Same: true}, nil
}

// mayLend says whether this process may hand a tree over as a mount of its own, which is how a shifted root gets at it: open_tree(2)
// asks for CAP_SYS_ADMIN, and root of a container has none.
func mayLend() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // of 32 capabilities each
	return unix.Capget(&header, &sets[0]) == nil && sets[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// forUser maps root to the user and the rest to the user's subordinate ids.
func forUser() (Mapping, error) {
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		if err := mayMap(tool); err != nil {
			return Mapping{}, err
		}
	}
	id := strconv.Itoa(os.Geteuid())
	name := id
	if u, err := user.LookupId(id); err == nil {
		name = u.Username
	}
	var m Mapping
	for _, kind := range []struct {
		file string
		self int
		into *[]Extent
	}{
		{subUIDs, os.Geteuid(), &m.UIDs},
		{subGIDs, os.Getegid(), &m.GIDs},
	} {
		owned, err := readSubIDs(kind.file)
		if err != nil {
			return Mapping{}, err
		}
		ranges := ownedBy(owned, name, id)
		if len(ranges) == 0 {
			return Mapping{}, noSubIDs(kind.file, name)
		}
		extents, total := compose(uint32(kind.self), ranges)
		if total < span {
			return Mapping{}, fewSubIDs(kind.file, name, total)
		}
		*kind.into = extents
	}
	return m, nil
}

const (
	subUIDs = "/etc/subuid"
	subGIDs = "/etc/subgid"
)

// readSubIDs takes a file that does not exist for one without lines.
func readSubIDs(path string) ([]Ownership, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	owned, err := parseSubIDs(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return owned, nil
}

func readIDMap(path string) ([]Extent, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseIDMap(f)
}

// mayMap checks that a tool is there and has the rights to write id maps: Debian's is setuid
// root, Fedora's has a file capability.
func mayMap(tool string) error {
	path, err := exec.LookPath(tool)
	if err != nil {
		return noTool(tool)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if _, err := unix.Getxattr(path, "security.capability", nil); err != nil && info.Mode()&os.ModeSetuid == 0 {
		return noSetuid(path)
	}
	return nil
}

func gather() facts {
	f := facts{
		root:     os.Geteuid() == 0,
		clone:    setting("kernel/unprivileged_userns_clone"),
		max:      setting("user/max_user_namespaces"),
		apparmor: setting("kernel/apparmor_restrict_unprivileged_userns"),
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return f
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "NoNewPrivs":
			f.noNewPrivs = strings.TrimSpace(value)
		case "Seccomp":
			f.seccomp = strings.TrimSpace(value)
		}
	}
	return f
}

func setting(name string) string {
	value, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(value))
}

const entryProbe = "userns probe"

// probe tries what a machine does first. It reports each step before it takes it.
func probe(_ context.Context, call Call) error {
	call.Progress(stepMount)
	// A container's filter may allow mounts and refuse this.
	if err := unix.Sethostname([]byte("airship")); err != nil {
		return os.NewSyscallError("sethostname", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("make mounts private", err)
	}
	if err := unix.Mount("tmpfs", "/tmp", "tmpfs", 0, ""); err != nil {
		return os.NewSyscallError("mount a tmpfs", err)
	}
	call.Progress(stepProc)
	if err := unix.Mount("proc", "/tmp", "proc", 0, ""); err != nil {
		return os.NewSyscallError("mount proc", err)
	}
	return nil
}
