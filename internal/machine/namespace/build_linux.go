package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// newRoot is where the machine's root directory is put together, out of the way of every tree:
// those are opened before.
const newRoot = "/tmp"

// build turns this process's namespaces into a machine.
func build(r request, mounts []*os.File) error {
	if err := unix.Sethostname([]byte(machine.Hostname)); err != nil {
		return os.NewSyscallError("sethostname", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, path := range r.Trees {
		tree, err := openTree(path)
		if err != nil {
			return err
		}
		mounts = append(mounts, tree)
	}
	if len(mounts) != 1+len(workDirs) {
		return fmt.Errorf("%d trees for a machine instead of %d", len(mounts), 1+len(workDirs))
	}
	if err := mount("tmpfs", newRoot, unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	if err := lend(mounts[0], filepath.Join(newRoot, ".toolbox")); err != nil {
		return err
	}
	for i, point := range workDirs {
		if err := attach(mounts[1+i], filepath.Join(newRoot, point)); err != nil {
			return err
		}
	}
	for _, step := range []func() error{
		func() error { return kernelFilesystems(r.Same) }, devices, func() error { return etc(r) }, enter,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	for path, data := range r.Private {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// ours are the directories of the root that are not the toolbox's.
var ours = []string{"dev", "proc", "sys", "run", "tmp", "root", "scratch", "target", "output"}

// lend makes the toolbox's tree the root's: its directories read-only, but /etc and /var private
// copies (they are small), so that /etc can have the host's resolv.conf and programs write to /var.
func lend(tree *os.File, at string) error {
	if err := attach(tree, at); err != nil {
		return err
	}
	if err := setReadOnly(at, 0); err != nil {
		return err
	}
	for _, dir := range []string{"run", "tmp", "root", "var"} {
		if err := mount("tmpfs", filepath.Join(newRoot, dir), unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(at)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.Contains(ours, e.Name()) {
			continue
		}
		if err := lendOne(e, filepath.Join(at, e.Name()), filepath.Join(newRoot, e.Name())); err != nil {
			return err
		}
	}
	for dir, mode := range map[string]fs.FileMode{
		"tmp": 0o777 | fs.ModeSticky, "var/tmp": 0o777 | fs.ModeSticky, "root": 0o700, "run/sshd": 0o755, "run/lock": 0o755,
	} {
		dir = filepath.Join(newRoot, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(dir, mode); err != nil {
			return err
		}
	}
	if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", at, err)
	}
	return os.Remove(at)
}

func lendOne(e fs.DirEntry, from, to string) error {
	switch {
	case e.Type() == fs.ModeSymlink:
		link, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(link, to)
	case e.Name() == "etc" || e.Name() == "var":
		return copyTree(from, to)
	case e.IsDir():
		return bind(from, to)
	}
	return nil
}

// etc writes what the toolbox cannot know.
func etc(r request) error {
	dir := filepath.Join(newRoot, "etc")
	for name, text := range map[string]string{
		"hostname":    machine.Hostname + "\n",
		"hosts":       "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
		"resolv.conf": string(r.ResolvConf),
	} {
		path := filepath.Join(dir, name)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return trust(r.Private[machine.ExtraAuthorities])
}

// trust adds authorities in PEM to the toolbox's.
func trust(authorities []byte) error {
	if len(authorities) == 0 {
		return nil
	}
	bundle, err := os.OpenFile(filepath.Join(newRoot, machine.Authorities), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = bundle.Write(slices.Concat([]byte("\n"), authorities))
	return errors.Join(err, bundle.Close())
}

// enter makes newRoot the root directory and lets go of the host's.
func enter() error {
	if err := unix.Chdir(newRoot); err != nil {
		return os.NewSyscallError("chdir", err)
	}
	// Both on one directory: the old root lies on top of the new one, and is then taken off,
	// pivot_root(2).
	if err := unix.PivotRoot(".", "."); err != nil {
		return os.NewSyscallError("pivot_root", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the host: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return os.NewSyscallError("chdir", err)
	}
	return setReadOnly("/", 0)
}

// setReadOnly works on one mount, or with AT_RECURSIVE on all below it too.
func setReadOnly(path string, flags uint) error {
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	err := unix.MountSetattr(unix.AT_FDCWD, path, flags, attr)
	if errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("make %s read-only: Linux 5.12 or newer is needed: %w", path, err)
	}
	if err != nil {
		return fmt.Errorf("make %s read-only: %w", path, err)
	}
	return nil
}
