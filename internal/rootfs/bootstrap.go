package rootfs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/meminfo"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Bootstrap has mmdebstrap install the plan's packages into Target. locked is the URL of a flat
// repository of exactly those; say gets a line every few seconds.
func Bootstrap(ctx context.Context, m machine.Machine, p plan.Plan, locked string, say func(format string, args ...any)) error {
	if err := mountTarget(ctx, m, p.RootFS.Packages); err != nil {
		return err
	}
	const hook = hooksDir + "/divert.sh"
	if err := m.WriteFile(ctx, hook, 0o755, []byte(divertScript)); err != nil {
		return err
	}
	lines := &lineWriter{each: newInstallProgress(len(p.RootFS.Packages), say).line}
	err := m.Run(ctx, machine.Command{
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
		Env: []string{
			epochEnv(p.Epoch),
			// Read by dpkg(1): nothing survives a crash of the build, so nothing is synced.
			"DPKG_FORCE=unsafe-io",
			// Read by hooks of kernel packages: initramfs-tools' has work for Finalise, and kdump-tools' makes one for
			// the hardware that it runs on, which fails in a chroot; kdump-config makes it when the node boots.
			"INITRD=No",
			// The repository is on this host.
			"http_proxy=", "https_proxy=",
		},
		Stdout: lines,
		Stderr: lines,
	})
	lines.flush()
	if err != nil {
		return fmt.Errorf("install the packages: %w", err)
	}
	return checkInstalled(ctx, m, p.RootFS.Packages)
}

// names for mmdebstrap's --include, which splits at commas.
func names(packages []plan.Package) []string {
	list := make([]string, 0, len(packages))
	for _, p := range packages {
		list = append(list, p.Name)
	}
	return list
}

// Unpacked, packages of a Debian system take some four times the room of their archives.
const unpackedRatio = 4

// mountTarget puts a tmpfs under Target where the machine has memory to spare: unpacking some
// hundred packages into one takes 18 s where a disk's file system took 24 to 33 s.
func mountTarget(ctx context.Context, m machine.Machine, packages []plan.Package) error {
	var need int64
	for _, p := range packages {
		need += p.Size * unpackedRatio
	}
	var text bytes.Buffer
	if err := m.Run(ctx, machine.Command{Args: []string{"cat", meminfo.Path}, Stdout: &text}); err != nil {
		return fmt.Errorf("read the machine's memory: %w", err)
	}
	available := meminfo.Available(text.String())
	// Half of what is free, so that neither the tools nor the host's other work run short; and twice
	// the packages' size, so that what provisioners add finds room.
	if size := available / 2; size >= 2*need {
		return m.Run(ctx, machine.Command{Args: []string{
			"mount", "-t", "tmpfs", "-o", fmt.Sprintf("mode=0755,size=%d", size), "airship-target", machine.Target,
		}})
	}
	return nil
}

// checkInstalled compares dpkg's database with the lock, which must say the same.
func checkInstalled(ctx context.Context, m machine.Machine, locked []plan.Package) error {
	var out bytes.Buffer
	err := m.Run(ctx, machine.Command{
		Args:   []string{"dpkg-query", "--show", "--showformat=${Package} ${Version} ${Architecture} ${db:Status-Status}\\n"},
		Chroot: true, Stdout: &out,
	})
	if err != nil {
		return fmt.Errorf("list the installed packages: %w", err)
	}
	want := make([]string, 0, len(locked))
	for _, p := range locked {
		want = append(want, fmt.Sprintf("%s %s %s installed", p.Name, p.Version, p.Architecture))
	}
	have := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(want)
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
