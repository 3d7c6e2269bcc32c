package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Offsets in GRUB's boot.img and core.img (include/grub/i386/pc/boot.h, grub-core/boot/i386/pc).
const (
	// bootCodeEnd is where boot code ends and the MBR's disk signature and partition table begin.
	bootCodeEnd = 0x1b8
	// bootKernelSector, 64 bits, is where core.img starts on the disk, in sectors.
	bootKernelSector = 0x5c
	// bootDriveCheck is a jump over code that mistrusts the BIOS's drive number. grub-bios-setup
	// replaces it by two no-operations on hard disks, for BIOSes that pass a wrong one.
	bootDriveCheck = 0x66
	// coreBlocklist is core.img's first list of its own remaining blocks: start sector (64 bits),
	// length in sectors (16), segment to load to (16).
	coreBlocklist = 0x1f4
	// coreSegment is where the rest of core.img is loaded to.
	coreSegment = 0x820
)

// bootSectors writes GRUB's boot code for BIOS: boot.img into the first sector, beside the MBR's table, and core.img into
// the bios_grub partition or, of an MBR, before the first partition.
func (a assembly) bootSectors(ctx context.Context) error {
	room, ok := a.plan.Disk.BIOSBoot(a.plan.Target.Architecture)
	if !ok {
		return nil
	}
	bootImage, err := a.output(ctx, "cat", machine.Target+grubLib+"/"+grubPC+"/boot.img")
	if err != nil {
		return err
	}
	coreImage, err := a.output(ctx, "cat", grubWork+"/core.img")
	if err != nil {
		return err
	}
	boot, core, err := patchBootImages([]byte(bootImage), []byte(coreImage), room)
	if err != nil {
		return err
	}
	if err := a.write(ctx, boot, 0); err != nil {
		return fmt.Errorf("boot.img: %w", err)
	}
	if err := a.write(ctx, core, room.Start); err != nil {
		return fmt.Errorf("core.img: %w", err)
	}
	return nil
}

// patchBootImages tells boot.img where core.img lies, and core.img where its own rest lies, as
// grub-bios-setup does. Of boot.img the code alone comes back.
func patchBootImages(boot, core []byte, room plan.Extent) (bootCode, patchedCore []byte, err error) {
	if len(boot) != bootSector {
		return nil, nil, fmt.Errorf("boot.img has %d bytes, not %d", len(boot), bootSector)
	}
	sectors := int64(len(core)+bootSector-1) / bootSector
	if sectors < 2 || sectors*bootSector > room.Size || sectors-1 > 0xffff {
		return nil, nil, fmt.Errorf("core.img of %d bytes does not fit the %d that are there for it", len(core), room.Size)
	}
	start := uint64(room.Start / bootSector)
	bootCode = bytes.Clone(boot[:bootCodeEnd])
	binary.LittleEndian.PutUint64(bootCode[bootKernelSector:], start)
	bootCode[bootDriveCheck], bootCode[bootDriveCheck+1] = 0x90, 0x90

	patchedCore = make([]byte, sectors*bootSector)
	copy(patchedCore, core)
	binary.LittleEndian.PutUint64(patchedCore[coreBlocklist:], start+1)
	binary.LittleEndian.PutUint16(patchedCore[coreBlocklist+8:], uint16(sectors-1))
	binary.LittleEndian.PutUint16(patchedCore[coreBlocklist+10:], coreSegment)
	return bootCode, patchedCore, nil
}

// write puts data into the image at offset bytes.
func (a assembly) write(ctx context.Context, data []byte, offset int64) error {
	return a.machine.Run(ctx, machine.Command{
		Args: []string{
			"dd", "of=" + machine.Disk, "conv=notrunc", "bs=1M", "iflag=fullblock", "oflag=seek_bytes",
			"seek=" + strconv.FormatInt(offset, 10), "status=none",
		},
		Stdin: bytes.NewReader(data),
	})
}
