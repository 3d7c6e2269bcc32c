package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const (
	grubLib = "/usr/lib/grub"
	grubDir = "/boot/grub"
	// grubWork is seen by programs of the target as /tmp.
	grubWork = workDir + "/grub"
)

// grubPC is GRUB's name of PCs with a BIOS.
const grubPC = "i386-pc"

// platform is one kind of firmware that GRUB boots from.
type platform struct {
	name     string // GRUB's: i386-pc, x86_64-efi
	debian   string // the Debian package of its modules, for messages
	modules  []string
	fallback string // file name in /EFI/BOOT (UEFI specification 2.10, section 3.5.1.1)
}

// platforms are those that the plan's disk boots on.
func (a assembly) platforms() ([]platform, error) {
	module, ok := grubFilesystems()[a.holder(grubDir).Filesystem.Type]
	if !ok {
		return nil, fmt.Errorf("GRUB cannot read the %s of %s", a.holder(grubDir).Filesystem.Type, grubDir)
	}
	modules := []string{"part_" + a.partmap(), module, "search_fs_uuid"}
	var all []platform
	if _, ok := a.plan.Disk.BIOSBoot(a.plan.Target.Architecture); ok {
		all = append(all, platform{name: grubPC, debian: "grub-pc-bin", modules: append([]string{"biosdisk"}, modules...)})
	}
	if _, ok := a.plan.Disk.ESP(); ok {
		efi := efiPlatform(a.plan.Target.Architecture)
		efi.modules = append(modules, "fat", "normal", "configfile")
		all = append(all, efi)
	}
	if len(all) == 0 {
		return nil, errors.New("the disk has neither a bios_grub nor an esp partition to boot from")
	}
	return all, nil
}

// efiPlatform is UEFI on machines of an architecture (Debian's name).
func efiPlatform(architecture string) platform {
	if architecture == "arm64" {
		return platform{name: "arm64-efi", debian: "grub-efi-arm64-bin", fallback: "BOOTAA64.EFI"}
	}
	return platform{name: "x86_64-efi", debian: "grub-efi-amd64-bin", fallback: "BOOTX64.EFI"}
}

// grubFilesystems maps a file system's type to the GRUB module that reads it.
func grubFilesystems() map[string]string {
	return map[string]string{"ext4": "ext2", "xfs": "xfs", "btrfs": "btrfs", "vfat": "fat"}
}

// partmap is GRUB's name of the partition table.
func (a assembly) partmap() string {
	if a.plan.Disk.Table == plan.MBR {
		return "msdos"
	}
	return "gpt"
}

// installGrub puts GRUB's files into the tree as the target's grub-install would, and lets the
// target's grub-mkconfig write grub.cfg.
func (a assembly) installGrub(ctx context.Context) error {
	platforms, err := a.platforms()
	if err != nil {
		return err
	}
	if err := a.grubPackages(ctx, platforms); err != nil {
		return err
	}
	for name, file := range map[string]struct {
		mode fs.FileMode
		text string
	}{
		"load.cfg":       {0o644, a.loadConfig()},
		"grub-probe":     {0o755, a.grubProbe()},
		"grub-mkrelpath": {0o755, a.grubMkrelpath()},
	} {
		if err := a.machine.WriteFile(ctx, grubWork+"/"+name, file.mode, []byte(file.text)); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	for _, p := range platforms {
		if err := a.installPlatform(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if err := a.inTarget(ctx, "sh", "-euc", copyShared); err != nil {
		return fmt.Errorf("fonts, locales and environment: %w", err)
	}
	return a.inTarget(ctx, "sh", "-euc", makeConfig)
}

// grubPackages says which package is missing, before GRUB's tools say less.
func (a assembly) grubPackages(ctx context.Context, platforms []platform) error {
	needed := [][2]string{
		{"/usr/sbin/grub-mkconfig", "grub-common"},
		{"/usr/sbin/update-grub", "grub2-common"},
	}
	for _, p := range platforms {
		needed = append(needed, [2]string{path.Join(grubLib, p.name, "moddep.lst"), p.debian})
	}
	return a.lacking(ctx, needed)
}

// lacking says which packages the tree lacks. needed are files and the packages that bring them.
func (a assembly) lacking(ctx context.Context, needed [][2]string) error {
	var missing []string
	for _, file := range needed {
		var exit *machine.ExitError
		err := a.run(ctx, "test", "-e", machine.Target+file[0])
		switch {
		case errors.As(err, &exit):
			if !slices.Contains(missing, file[1]) {
				missing = append(missing, file[1])
			}
		case err != nil:
			return err
		}
	}
	if a.plan.System.SecureBoot {
		signed, err := a.missingSigned(ctx)
		if err != nil {
			return err
		}
		missing = append(missing, signed...)
	}
	if len(missing) > 0 {
		return fmt.Errorf("the image lacks %s: add the missing to the profile's software.packages", strings.Join(missing, ", "))
	}
	return nil
}

// installPlatform makes GRUB's image for p and copies its modules to where the image looks for them.
// /boot/grub's modules must be those the image was made from.
func (a assembly) installPlatform(ctx context.Context, p platform) error {
	if err := a.inTarget(ctx, "sh", "-euc", copyModules, "sh", p.name); err != nil {
		return err
	}
	if p.fallback == "" {
		return a.inTarget(ctx, a.mkimage(p, "/tmp/core.img")...)
	}
	esp, _ := a.plan.Disk.ESP()
	vendor := path.Join(esp.Mount.Path, "EFI", a.plan.Target.Distribution)
	boot := path.Join(esp.Mount.Path, "EFI/BOOT")
	if err := a.inTarget(ctx, "mkdir", "-p", vendor, boot); err != nil {
		return err
	}
	// Signed GRUB looks for its configuration here, be it this build's or one that an operator installs later.
	if err := a.inTarget(ctx, "sh", "-euc", `{ cat /tmp/load.cfg; echo 'configfile $prefix/grub.cfg'; } >"$1"`, "sh", vendor+"/grub.cfg"); err != nil {
		return err
	}
	if a.plan.System.SecureBoot {
		return a.installSecureBoot(ctx, p, vendor, boot)
	}
	return a.inTarget(ctx, a.mkimage(p, path.Join(boot, p.fallback))...)
}

func (a assembly) mkimage(p platform, output string) []string {
	args := []string{
		"grub-mkimage", "--format", p.name, "--output", output,
		"--config", "/tmp/load.cfg", "--prefix", a.grubPrefix(),
	}
	return append(args, p.modules...)
}

// grubPrefix is the path of /boot/grub inside the file system that holds it.
func (a assembly) grubPrefix() string {
	return "/" + strings.TrimPrefix(strings.TrimPrefix(grubDir, a.holder(grubDir).Mount.Path), "/")
}

// loadConfig finds /boot/grub by its file system's UUID, whatever the firmware calls the disk.
func (a assembly) loadConfig() string {
	return fmt.Sprintf("search.fs_uuid %s root\nset prefix=($root)'%s'\n", a.holder(grubDir).Filesystem.UUID, a.grubPrefix())
}
