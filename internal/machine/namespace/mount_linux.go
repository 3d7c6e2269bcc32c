package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mount mounts a new file system of the given kind on a directory that it makes if need be.
func mount(kind, at string, flags uintptr, options string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(kind, at, kind, flags, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, at, err)
	}
	return nil
}

// attach puts a mount that openTree made on a new directory.
func attach(tree *os.File, at string) error {
	defer tree.Close()
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	if err := unix.MoveMount(int(tree.Fd()), "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount %s on %s: %w", tree.Name(), at, err)
	}
	return nil
}

// bind shows a directory, with what is mounted below it, or a file in a second place.
func bind(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(to, 0o755)
	} else {
		err = os.WriteFile(to, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", from, to, err)
	}
	return nil
}

// kernelFilesystems mounts /proc and /sys. sysfs belongs to the network namespace, which is the
// host's, so that a new one is refused and the host's is shown.
func kernelFilesystems(same bool) error {
	proc := filepath.Join(newRoot, "proc")
	if err := mount("proc", proc, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		if errors.Is(err, unix.EPERM) {
			return fmt.Errorf("%w (a container hides parts of the host's /proc: run it with "+
				"--security-opt systempaths=unconfined)", err)
		}
		return err
	}
	if same {
		// Root inside is root outside: these would be the host's to change.
		for _, name := range []string{"bus", "fs", "irq", "sys", "sysrq-trigger"} {
			path := filepath.Join(proc, name)
			err := unix.Mount(path, path, "", unix.MS_BIND|unix.MS_REC, "")
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("bind %s: %w", path, err)
			}
			if err := setReadOnly(path, 0); err != nil {
				return err
			}
		}
	}
	sys := filepath.Join(newRoot, "sys")
	if err := bind("/sys", sys); err != nil {
		return err
	}
	return setReadOnly(sys, unix.AT_RECURSIVE)
}

// devices fills /dev with the host's nodes: new ones can be made in no user namespace.
func devices() error {
	dev := filepath.Join(newRoot, "dev")
	if err := mount("tmpfs", dev, unix.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	for _, node := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := bind(filepath.Join("/dev", node), filepath.Join(dev, node)); err != nil {
			return err
		}
	}
	// 5 is Debian's group tty.
	err := mount("devpts", filepath.Join(dev, "pts"), unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5")
	if err != nil {
		return err
	}
	if err := mount("tmpfs", filepath.Join(dev, "shm"), unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
		return err
	}
	for name, to := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd",
		"stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(to, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	return nil
}
