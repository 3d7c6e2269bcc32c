package rootfs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Bootstrap has mmdebstrap install the plan's packages into Target. locked is the URL of a flat
// repository of exactly those; say gets a line every few seconds.
func Bootstrap(ctx context.Context, m machine.Machine, p plan.Plan, locked string, say func(format string, args ...any)) error {
	if p.RootFS.Base != nil {
		return extend(ctx, m, p, locked, say)
	}
	if err := MountTarget(ctx, m, sizeOf(p.RootFS.Packages)); err != nil {
		return err
	}
	const hook = hooksDir + "/divert.sh"
	if err := m.WriteFile(ctx, hook, 0o755, []byte(divertScript)); err != nil {
		return err
	}
	return install(ctx, m, p, machine.Command{
		Args: []string{
			"mmdebstrap",
			"--mode=root", "--format=directory", "--variant=apt", "--verbose",
			"--architectures=" + p.Target.Architecture,
			// The tree is a mount point, its packages were checked by internal/repository.
			"--skip=check/empty,check/qemu,check/signed-by",
			"--include=" + strings.Join(names(p.RootFS.Packages), ","),
			"--setup-hook=" + strings.Join(append([]string{hook, `"$1"`}, diverted(p)...), " "),
			"", machine.Target, "-",
		},
		// By standard input: the URL is a secret among the users of this host.
		Stdin: strings.NewReader("deb [trusted=yes] " + locked + " ./\n"),
	}, say)
}

// install runs a command that installs the plan's packages, says how far it is, and compares what is installed then.
func install(ctx context.Context, m machine.Machine, p plan.Plan, c machine.Command, say func(format string, args ...any)) error {
	lines := &lineWriter{each: newInstallProgress(len(p.RootFS.Packages), say).line}
	c.Env, c.Stdout, c.Stderr = installEnv(p), lines, lines
	err := m.Run(ctx, c)
	lines.flush()
	if err != nil {
		return fmt.Errorf("install the packages: %w", err)
	}
	return checkInstalled(ctx, m, p.RootFS)
}

// installEnv is what programs that install packages read.
func installEnv(p plan.Plan) []string {
	return []string{
		epochEnv(p.Epoch),
		"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
		// Read by dpkg(1): nothing survives a crash of the build, so nothing is synced.
		"DPKG_FORCE=unsafe-io",
		// Read by hooks of kernel packages: initramfs-tools' has work for Finalise, and kdump-tools' makes one for
		// the hardware that it runs on, which fails in a chroot; kdump-config makes it when the node boots.
		"INITRD=No",
		// The repository is on this host.
		"http_proxy=", "https_proxy=",
	}
}

// names for mmdebstrap's --include, which splits at commas.
func names(packages []plan.Package) []string {
	list := make([]string, 0, len(packages))
	for _, p := range packages {
		list = append(list, p.Name)
	}
	return list
}

// unpackedRatio: packages of a Debian system, and archives of one, take some four times their room when unpacked.
const unpackedRatio = 4

func sizeOf(packages []plan.Package) int64 {
	var sum int64
	for _, p := range packages {
		sum += p.Size
	}
	return sum
}

// targetDevice is what /proc/mounts calls MountTarget's tmpfs.
const targetDevice = "airship-target"

// MountTarget puts a tmpfs under Target where the machine has memory to spare for a root filesystem of so many bytes
// in archives: unpacking some hundred packages into one takes 18 s where a disk's file system took 24 to 33 s.
func MountTarget(ctx context.Context, m machine.Machine, archived int64) error {
	need := archived * unpackedRatio
	available, err := m.Memory(ctx)
	if err != nil {
		return err
	}
	// Half of what is free, so that neither the tools nor the host's other work run short; and twice
	// the packages' size, so that what provisioners add finds room.
	if size := available / 2; size >= 2*need {
		return m.Run(ctx, machine.Command{Args: []string{
			"mount", "-t", "tmpfs", "-o", fmt.Sprintf("mode=0755,size=%d", size), targetDevice, machine.Target,
		}})
	}
	return nil
}

// checkInstalled compares dpkg's database with the plan, which must say the same.
func checkInstalled(ctx context.Context, m machine.Machine, r plan.RootFS) error {
	var out bytes.Buffer
	err := m.Run(ctx, machine.Command{
		Args:   []string{"dpkg-query", "--show", "--showformat=${Package} ${Version} ${Architecture} ${db:Status-Status}\\n"},
		Chroot: true, Stdout: &out,
	})
	if err != nil {
		return fmt.Errorf("list the installed packages: %w", err)
	}
	want := wanted(r)
	have := slices.DeleteFunc(strings.Split(strings.TrimSpace(out.String()), "\n"), func(line string) bool {
		// Of a base's own past.
		return r.Base != nil && strings.HasSuffix(line, " config-files")
	})
	slices.Sort(have)
	for _, line := range want {
		if _, found := slices.BinarySearch(have, line); !found {
			return fmt.Errorf("the lock names %s, dpkg has no such package", line)
		}
	}
	if len(have) != len(want) {
		return fmt.Errorf("dpkg has %d packages, the lock names %d", len(have), len(want))
	}
	return nil
}

// wanted are the lines that dpkg-query shall print, sorted: the base's packages, and those that were added or took
// their place.
func wanted(r plan.RootFS) []string {
	lines, added := []string{}, map[string]bool{}
	for _, p := range r.Packages {
		added[p.Name+":"+p.Architecture] = true
		lines = append(lines, fmt.Sprintf("%s %s %s installed", p.Name, p.Version, p.Architecture))
	}
	if r.Base != nil {
		for _, p := range r.Base.Packages {
			if !added[p.Name+":"+p.Architecture] {
				lines = append(lines, fmt.Sprintf("%s %s %s installed", p.Name, p.Version, p.Architecture))
			}
		}
	}
	slices.Sort(lines)
	return lines
}
