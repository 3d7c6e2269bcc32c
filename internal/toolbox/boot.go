package toolbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Boot is what a QEMU machine of the toolbox starts from: files that QEMU takes as -kernel and -initrd, absolute
// paths. Nobody may write them.
//
// The initramfs holds the tree's files but documentation, kernel and compiled Python. Its /init unpacks the tar archive
// on the virtio disk with the serial number "seed", and runs the shell script /run/airship/init from it; what goes
// wrong before that is a line "airship: ..." on the console, and switches the machine off.
type Boot struct {
	Kernel    string
	Initramfs string
	Pin       Pin
	// Digest is that of the Toolbox by the same pin.
	Digest string
}

// EnsureBoot is Ensure for the files of a QEMU machine, of any architecture and on any operating system. They belong
// to who calls: Options.Owner and Inside are of no use here.
func EnsureBoot(ctx context.Context, o Options) (Boot, error) {
	o = o.withDefaults()
	c, err := openBootCache(o.CacheDir)
	if err != nil {
		return Boot{}, err
	}
	return ensure(ctx, c, o, c.lookUpBoot, c.makeBoot)
}

// EnsureKernel is EnsureBoot for the kernel alone, and fetches no more than that needs. It returns an absolute
// path, the Kernel of a Boot by the same pin.
func EnsureKernel(ctx context.Context, o Options) (string, error) {
	o = o.withDefaults()
	c, err := openBootCache(o.CacheDir)
	if err != nil {
		return "", err
	}
	return ensure(ctx, c, o, c.lookUpKernel, c.makeKernel)
}

// boot is where a pin's boot files lie, whether they are there or not.
func (c cache) boot(pin Pin) (Boot, error) {
	stem, digest, err := c.stem(pin)
	if err != nil {
		return Boot{}, err
	}
	return Boot{Kernel: stem + kernelSuffix, Initramfs: stem + initramfsSuffix, Pin: pin, Digest: digest}, nil
}

func (c cache) lookUpBoot(o Options) (Boot, bool, error) {
	found, ok, err := c.knownBoot(o)
	if ok {
		ok, err = present(found.Kernel, found.Initramfs)
	}
	return found, ok, err
}

func (c cache) lookUpKernel(o Options) (string, bool, error) {
	found, ok, err := c.knownBoot(o)
	if ok {
		ok, err = present(found.Kernel)
	}
	return found.Kernel, ok, err
}

// knownBoot is where the boot files of a known pin lie.
func (c cache) knownBoot(o Options) (Boot, bool, error) {
	pin, ok, err := c.known(o)
	if !ok || err != nil {
		return Boot{}, false, err
	}
	found, err := c.boot(pin)
	return found, err == nil, err
}

func present(names ...string) (bool, error) {
	for _, name := range names {
		_, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// makeBoot makes those of the files that are missing, under the lock.
func (c cache) makeBoot(ctx context.Context, o Options) (Boot, error) {
	pin, debs, err := c.packages(ctx, o, func(string) bool { return true })
	if err != nil {
		return Boot{}, err
	}
	made, err := c.boot(pin)
	if err != nil {
		return Boot{}, err
	}
	if err := extractKernel(ctx, o, made, debs); err != nil {
		return Boot{}, err
	}
	return made, writeOnce(o, made.Initramfs, func(w io.Writer) error { return writeInitramfs(ctx, w, debs, pin.Date) })
}

func (c cache) makeKernel(ctx context.Context, o Options) (string, error) {
	pin, debs, err := c.packages(ctx, o, isKernelPackage)
	if err != nil {
		return "", err
	}
	made, err := c.boot(pin)
	if err != nil {
		return "", err
	}
	return made.Kernel, extractKernel(ctx, o, made, debs)
}

func extractKernel(ctx context.Context, o Options, to Boot, debs []Deb) error {
	return writeOnce(o, to.Kernel, func(w io.Writer) error { return writeKernel(ctx, w, to.Pin.Architecture, debs) })
}

// writeOnce makes the file name with what fill writes, unless it is there. The name appears only with the whole
// file behind it.
func writeOnce(o Options, name string, fill func(io.Writer) error) error {
	if ok, err := present(name); ok || err != nil {
		return err
	}
	start := time.Now()
	partial := name + partialSuffix
	size, err := writeWhole(partial, fill)
	if err == nil {
		err = os.Rename(partial, name)
	}
	if err != nil {
		return fmt.Errorf("toolbox: make %s: %w", filepath.Base(name), err)
	}
	o.Progress("toolbox: %s, %d MB, made in %s", filepath.Base(name), size/1e6, since(start))
	return nil
}

// writeWhole makes the file name, or nothing, and returns its size in bytes.
func writeWhole(name string, fill func(io.Writer) error) (int64, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	if err = fill(buffered); err == nil {
		err = buffered.Flush()
	}
	size, seekErr := file.Seek(0, io.SeekCurrent)
	if err = errors.Join(err, seekErr, file.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(name))
	}
	return size, nil
}
