package disk

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const (
	// eltoritoImage is what a BIOS starts from an optical drive.
	eltoritoImage = grubDir + "/eltorito.img"
	bootCatalog   = grubDir + "/boot.cat"
)

// liveModules are all that grub.cfg needs, and what helps an operator at GRUB's prompt: none is loaded from the ISO.
var liveModules = []string{
	"iso9660", "part_gpt", "part_msdos", "search", "search_fs_file", "normal", "configfile", "linux", "test", "echo",
	"serial", "terminal", "ls", "cat", "reboot", "halt",
}

// isoPlatforms are the kinds of firmware that an ISO boots with.
func (a isoAssembly) isoPlatforms() []platform {
	efi := efiPlatform(a.plan.Target.Architecture)
	efi.modules = append([]string{"fat", "all_video"}, liveModules...)
	if !a.bios() {
		return []platform{efi}
	}
	return []platform{{name: grubPC, debian: "grub-pc-bin", modules: append([]string{"biosdisk"}, liveModules...)}, efi}
}

// findMedium sets root to the medium with the marker, the one that GRUB was started from above others. It runs before
// GRUB knows more commands.
const findMedium = "search.file " + plan.ISOMarker + " root $root\nset prefix=($root)" + grubDir + "\n"

// isoView runs a program of the target that finds isoDir at /tmp.
const isoView = `
mount --bind ` + isoDir + ` ` + machine.Target + `/tmp
exec chroot ` + machine.Target + ` "$@"
`

// bootImages makes GRUB's images, of the target's own modules.
func (a isoAssembly) bootImages(ctx context.Context) error {
	if err := a.machine.WriteFile(ctx, isoDir+"/load.cfg", 0o644, []byte(findMedium)); err != nil {
		return err
	}
	for _, p := range a.isoPlatforms() {
		if p.name != grubPC && a.plan.System.SecureBoot {
			if err := a.signedESP(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			continue
		}
		format, output := p.name, "/tmp/esp/EFI/BOOT/"+p.fallback
		if p.name == grubPC {
			format, output = p.name+"-eltorito", "/tmp/tree"+eltoritoImage
		}
		if err := a.run(ctx, "mkdir", "-p", isoDir+path.Dir(strings.TrimPrefix(output, "/tmp"))); err != nil {
			return err
		}
		args := []string{
			"unshare", "--mount", "sh", "-euc", isoView, "sh",
			"grub-mkimage", "--directory", grubLib + "/" + p.name, "--format", format, "--output", output,
			"--config", "/tmp/load.cfg", "--prefix", grubDir,
		}
		if err := a.run(ctx, append(args, p.modules...)...); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return a.esp(ctx)
}

// esp makes the FAT image that UEFI starts from, as large as what is in it.
func (a isoAssembly) esp(ctx context.Context) error {
	listing, err := a.output(ctx, "find", espTree, "-type", "f", "-printf", `%s\n`)
	if err != nil {
		return err
	}
	size, err := espSize(strings.Fields(listing))
	if err != nil {
		return err
	}
	if err := a.run(ctx, "truncate", "--size", strconv.FormatInt(size, 10), espImage); err != nil {
		return err
	}
	err = a.run(ctx, "mkfs.vfat", "--invariant", "-F", "16", "-s", "1", "-g", "255/63",
		"-i", strings.ReplaceAll(a.plan.ISO.ESP, "-", ""), espImage)
	if err != nil {
		return err
	}
	return a.fillFAT(ctx, espImage, espTree, nil)
}

// espSize is that of a FAT16 file system for files of those sizes, in bytes. It has at least 4 MiB, so that it is
// FAT16 by its number of clusters of one sector, and room for directories and the two tables.
func espSize(files []string) (int64, error) {
	const mib = int64(1) << 20
	total := mib
	for _, file := range files {
		size, err := strconv.ParseInt(file, 10, 64)
		if err != nil {
			return 0, err
		}
		total += (size + bootSector - 1) / bootSector * bootSector
	}
	return max(4*mib, (total+mib-1)/mib*mib), nil
}
