package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const (
	isoDir = workDir + "/iso"
	// isoTree is the tree of the ISO's file system, espTree that of the one which UEFI starts from.
	isoTree  = isoDir + "/tree"
	espTree  = isoDir + "/esp"
	espImage = isoDir + "/esp.img"
	isoImage = isoDir + "/image.iso"
)

// ISO is a live ISO: the first Size bytes of machine.Disk.
type ISO struct {
	Size int64
	// Files on it and their bytes, by their absolute names.
	Files map[string]int64
}

// AssembleISO makes a live ISO from p and the tree at machine.Target, which is finalised and closed.
//
// files are those of p.ISO.Files, whose contents a Plan does not hold. Nothing else of the profile is on the ISO but in
// its squashfs: a kernel, an initramfs, the boot loader's files and a marker.
func AssembleISO(ctx context.Context, m machine.Machine, p plan.Plan, files map[string][]byte, report Report) (*ISO, error) {
	a := isoAssembly{assembly: assembly{machine: m, plan: p, report: report}, files: files, most: mostOfFile}
	if err := a.isClosed(ctx); err != nil {
		return nil, err
	}
	for _, stage := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"look for what an ISO needs", a.complete},
		{"copy the files", a.copyFiles},
		{"make the squashfs", a.squash},
		{"make the boot images", a.bootImages},
		{"write the ISO", a.write},
	} {
		start := time.Now()
		if err := stage.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", stage.name, err)
		}
		report("%s: %.1fs", stage.name, time.Since(start).Seconds())
	}
	sections, err := machine.Export(ctx, m, isoImage)
	if err != nil {
		return nil, err
	}
	sizes, err := a.sizes(ctx)
	return &ISO{Size: sections[0].Size, Files: sizes}, err
}

// sizes are those of the files on the ISO.
func (a isoAssembly) sizes(ctx context.Context) (map[string]int64, error) {
	listing, err := a.output(ctx, "find", isoTree, "-type", "f", "-printf", `%s /%P\n`)
	if err != nil {
		return nil, err
	}
	all := map[string]int64{}
	for line := range strings.Lines(listing) {
		size, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if all[name], err = strconv.ParseInt(size, 10, 64); err != nil {
			return nil, fmt.Errorf("list the ISO's files: %w", err)
		}
	}
	return all, nil
}

// isoAssembly is one run of AssembleISO.
type isoAssembly struct {
	assembly
	files map[string][]byte
	most  int64 // bytes of the squashfs
}

// bios says whether PCs without UEFI boot the ISO.
func (a isoAssembly) bios() bool { return a.plan.Target.Architecture == "amd64" }

// complete refuses what would end in an ISO that does not boot, or with another configuration, before the long work.
func (a isoAssembly) complete(ctx context.Context) error {
	if err := a.samePlan(); err != nil {
		return err
	}
	needed := [][2]string{
		{"/usr/bin/grub-mkimage", "grub-common"},
		{"/usr/share/initramfs-tools/scripts/live", "live-boot-initramfs-tools"},
	}
	for _, p := range a.isoPlatforms() {
		needed = append(needed, [2]string{grubLib + "/" + p.name + "/moddep.lst", p.debian})
	}
	if a.bios() {
		needed = append(needed, [2]string{grubLib + "/" + grubPC + "/boot_hybrid.img", "grub-pc-bin"})
	}
	if err := a.lacking(ctx, needed); err != nil {
		return err
	}
	if a.plan.System.SecureBoot {
		if err := a.checkKernels(ctx); err != nil {
			return err
		}
	}
	seed, err := a.output(ctx, "sh", "-euc", `[ ! -d "$1" ] || find "$1" -type f`, "sh", machine.Target+"/var/lib/cloud/seed")
	if err != nil {
		return err
	}
	if seed != "" {
		first, _, _ := strings.Cut(strings.TrimPrefix(seed, machine.Target), "\n")
		return fmt.Errorf("cloud-init would take %s of the root filesystem for what the ISO has below openstack: remove it in a provisioner", first)
	}
	return nil
}

// samePlan compares the files with their digests in the plan.
func (a isoAssembly) samePlan() error {
	have := map[string]string{}
	for name, data := range a.files {
		sum := sha256.Sum256(data)
		have[name] = hex.EncodeToString(sum[:])
	}
	if !maps.Equal(have, a.plan.ISO.Files) {
		return errors.New("the files for the ISO are not those of its plan")
	}
	return nil
}

// copyFiles writes all of the tree but the squashfs and the boot images.
func (a isoAssembly) copyFiles(ctx context.Context) error {
	if err := a.run(ctx, "rm", "-rf", isoDir); err != nil {
		return err
	}
	if err := a.run(ctx, "mkdir", "-p", isoTree+"/live", espTree); err != nil {
		return err
	}
	kernel, initrd, err := a.kernel(ctx)
	if err != nil {
		return err
	}
	for from, to := range map[string]string{kernel: plan.LiveKernel, initrd: plan.LiveInitrd} {
		if err := a.run(ctx, "cp", machine.Target+from, isoTree+to); err != nil {
			return err
		}
	}
	texts := map[string][]byte{
		plan.ISOMarker:        nil,
		grubDir + "/grub.cfg": []byte(plan.LiveGrub(a.plan.System, a.plan.ISO)),
	}
	for name, data := range a.files {
		texts["/"+name] = data
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		// Not by an argument: user data may be secret.
		if err := a.machine.WriteFile(ctx, isoTree+name, 0o444, bytes.Clone(texts[name])); err != nil {
			return err
		}
	}
	return nil
}
