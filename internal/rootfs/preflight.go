package rootfs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository/deb"
)

// CheckPackages finds, before anything is installed, what the disk of a plan cannot hold and what its kernel cannot
// mount. find gives the path of a package's archive by its SHA-256. The error is a *multierror.Error of
// *mistake.Mistake.
func CheckPackages(ctx context.Context, p plan.Plan, find func(sha256 string) (string, bool)) error {
	if len(p.Disk.Partitions) == 0 {
		return nil
	}
	var installed, kernels int64
	supported := map[string]bool{} // by file system; of kernels that are known
	known := false
	if base := p.RootFS.Base; base != nil {
		installed, kernels, known = base.Installed, base.Boot, len(base.Filesystems) > 0
		for _, filesystem := range base.Filesystems {
			supported[filesystem] = true
		}
	}
	for _, pkg := range p.RootFS.Packages {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name, found := find(pkg.SHA256)
		if !found {
			return fmt.Errorf("the store has lost %s", pkg.Name)
		}
		archive, err := deb.Open(name)
		if err != nil {
			return err
		}
		size, err := installedSize(archive)
		if err == nil && hasKernelConfig(pkg.Name) {
			var config kernelConfig
			if config, err = readKernelConfig(archive); config != nil {
				known = true
				for filesystem, option := range filesystemOptions {
					supported[filesystem] = supported[filesystem] || config[option]
				}
			}
		}
		if err := errors.Join(err, archive.Close()); err != nil {
			return fmt.Errorf("%s: %w", pkg.Name, err)
		}
		installed += size
		if hasKernelConfig(pkg.Name) {
			kernels += size
		}
	}
	var mistakes *multierror.Error
	if room := roomOf(p.Disk, kernels); installed > room {
		mistakes = multierror.Append(mistakes, &mistake.Mistake{
			Field: "spec.storage.qcow_capacity",
			Problem: fmt.Sprintf("the packages take %d MiB and the disk's file systems have %d MiB: want %d MiB more at least, for the partitions that hold them",
				mebibytes(installed), mebibytes(room), mebibytes(installed-room)),
		})
	}
	if known {
		mistakes = multierror.Append(mistakes, unsupported(p.Disk, supported)...)
	}
	return mistakes.ErrorOrNil()
}

// DescribeKernels adds to a base that lies in Target what its kernels can do.
func DescribeKernels(ctx context.Context, m machine.Machine, base *plan.Base) error {
	const boot = machine.Target + "/boot"
	var configs, size bytes.Buffer
	err := m.Run(ctx, machine.Command{Args: []string{"sh", "-euc", "cd " + boot + " 2>/dev/null || exit 0; find . -maxdepth 1 -name 'config-*' -type f -exec cat {} +"}, Stdout: &configs})
	if err != nil || configs.Len() == 0 {
		return err
	}
	config, err := parseKernelConfig(&configs)
	if err != nil {
		return fmt.Errorf("read the configurations of the base's kernels: %w", err)
	}
	for filesystem, option := range filesystemOptions {
		if config[option] {
			base.Filesystems = append(base.Filesystems, filesystem)
		}
	}
	slices.Sort(base.Filesystems)
	if err := m.Run(ctx, machine.Command{Args: []string{"du", "--summarize", "--bytes", boot}, Stdout: &size}); err != nil {
		return err
	}
	_, err = fmt.Sscan(size.String(), &base.Boot)
	return err
}

func mebibytes(size int64) int64 { return (size + 1<<20 - 1) >> 20 }

// roomOf the file systems that packages can be in: firmware's has none, and of /boot what kernels can fill.
func roomOf(d plan.Disk, kernels int64) int64 {
	var room int64
	for _, p := range d.Mounts() {
		switch {
		case p.Filesystem.Type == "vfat":
		case p.Mount.Path == "/boot":
			room += min(p.Size, kernels)
		default:
			room += p.Size
		}
	}
	return room
}

// unsupported are mistakes about file systems that no kernel of the image has.
func unsupported(d plan.Disk, supported map[string]bool) []error {
	var mistakes []error
	for i, p := range d.Partitions {
		if p.Filesystem == nil || supported[p.Filesystem.Type] {
			continue
		}
		var others []string
		for filesystem, there := range supported {
			if there && filesystem != "swap" && filesystem != "vfat" {
				others = append(others, filesystem)
			}
		}
		slices.Sort(others)
		mistakes = append(mistakes, &mistake.Mistake{
			Field: fmt.Sprintf("spec.storage.partitions[%d].filesystem.type", i),
			Problem: fmt.Sprintf("the image's kernel is made without %s (%s): want %s, or another kernel_base_pkg",
				p.Filesystem.Type, filesystemOptions[p.Filesystem.Type], strings.Join(others, " or ")),
		})
	}
	return mistakes
}

// installedSize is what a package says that it takes, in bytes (deb-control(5), Installed-Size).
func installedSize(archive *deb.File) (int64, error) {
	text, err := archive.Control()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, "Installed-Size:"); found {
			// It is an estimate: what is no number counts for nothing.
			kib, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 40)
			return kib << 10, nil
		}
	}
	return 0, nil
}

// filesystemOptions are those of a kernel's configuration.
var filesystemOptions = map[string]string{
	"ext4": "CONFIG_EXT4_FS", "xfs": "CONFIG_XFS_FS", "btrfs": "CONFIG_BTRFS_FS", "vfat": "CONFIG_VFAT_FS", "swap": "CONFIG_SWAP",
}

// kernelConfig has the options that are y or m.
type kernelConfig map[string]bool

// hasKernelConfig tells the packages with /boot/config-VERSION: the kernel itself in Debian, its modules in Ubuntu.
func hasKernelConfig(name string) bool {
	return strings.HasPrefix(name, "linux-image-") || strings.HasPrefix(name, "linux-modules-")
}

// readKernelConfig is nil for a package without one, such as a kernel's meta package. It lies at the start of the
// archive.
func readKernelConfig(archive *deb.File) (config kernelConfig, err error) {
	data, err := archive.Data()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	members := tar.NewReader(data)
	for {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		name := path.Clean(header.Name)
		if strings.HasPrefix(name, "lib/modules/") || strings.HasPrefix(name, "usr/lib/modules/") {
			return nil, nil // behind /boot
		}
		if isConfig, _ := path.Match("boot/config-*", name); isConfig {
			return parseKernelConfig(members)
		}
	}
}

func parseKernelConfig(r io.Reader) (kernelConfig, error) {
	config := kernelConfig{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if name, value, found := strings.Cut(lines.Text(), "="); found && (value == "y" || value == "m") {
			config[name] = true
		}
	}
	return config, lines.Err()
}
