package namespace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// copyTree copies directories, files and symbolic links with their owners, modes and times, as
// `cp -a from/. to` does. The directory to may exist.
func copyTree(from, to string) error {
	var finish []func() error
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if err := copyOne(path, target, info); err != nil {
			return err
		}
		if info.IsDir() {
			// What is put into it changes its time.
			finish = append(finish, func() error { return likeIn(info, target) })
			return nil
		}
		return likeIn(info, target)
	})
	for _, f := range slices.Backward(finish) {
		if err == nil {
			err = f()
		}
	}
	return err
}

func copyOne(from, to string, info fs.FileInfo) error {
	switch info.Mode().Type() {
	case fs.ModeDir:
		return os.MkdirAll(to, 0o700)
	case fs.ModeSymlink:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case 0:
		return copyFile(from, to)
	}
	return fmt.Errorf("copy %s: a file of type %s", from, info.Mode().Type())
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// likeIn gives a file the owner, mode and time in info.
func likeIn(info fs.FileInfo, name string) error {
	stat := info.Sys().(*syscall.Stat_t)
	if err := os.Lchown(name, int(stat.Uid), int(stat.Gid)); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		// After the owner, whose change takes the set-user-ID bit away.
		if err := os.Chmod(name, info.Mode()); err != nil {
			return err
		}
	}
	times := []unix.Timespec{unix.Timespec(stat.Atim), unix.Timespec(stat.Mtim)}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &os.PathError{Op: "utimensat", Path: name, Err: err}
	}
	return nil
}
