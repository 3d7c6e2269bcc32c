package disk

import (
	"context"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// typeBasicData is the GPT type of the partition that shows the ISO's own file system on a stick (UEFI
// specification 2.10, table 5.7).
const typeBasicData = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"

// write makes the ISO of its tree. Times and what follows from times come from SOURCE_DATE_EPOCH.
func (a isoAssembly) write(ctx context.Context) error {
	if err := a.run(ctx, "find", isoTree, "-exec", "touch", "--date=@"+strconv.FormatInt(a.plan.Epoch, 10), "{}", "+"); err != nil {
		return err
	}
	return a.run(ctx, append([]string{"xorriso"}, xorrisoArgs(a.plan.ISO, a.bios())...)...)
}

// xorrisoArgs describe the ISO to xorriso (xorrisofs(1)). It is El Torito to an optical drive and a GPT disk
// anywhere else, whose partitions are the ISO's file system, 16 sectors of 2 KiB inside it, and the ESP behind it.
func xorrisoArgs(iso plan.ISO, bios bool) []string {
	args := []string{
		"-as", "mkisofs", "-quiet", "-output", isoImage, "-volid", iso.Label, "-rational-rock",
		"--gpt_disk_guid", iso.GUID, "-no-pad", "-partition_offset", "16", "-iso_mbr_part_type", typeBasicData,
		"-append_partition", "2", plan.TypeESP, espImage, "-appended_part_as_gpt",
		"-eltorito-catalog", bootCatalog,
	}
	if bios {
		args = append(args,
			"--grub2-mbr", machine.Target+grubLib+"/"+grubPC+"/boot_hybrid.img",
			// There are BIOSes that start no stick without an active partition.
			"--mbr-force-bootable",
			"-eltorito-boot", eltoritoImage, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info",
			"-eltorito-alt-boot",
		)
	}
	return append(args, "-e", "--interval:appended_partition_2:all::", "-no-emul-boot", isoTree)
}
