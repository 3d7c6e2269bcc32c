package plan

import (
	"fmt"
	"slices"
	"strings"
)

// whole checks the partitions against one another.
func (c *layoutCheck) whole(placed []placedPartition) {
	if len(placed) > maxPartitions {
		c.mistake("spec.storage.partitions", "%d partitions are more than the %d a GPT holds", len(placed), maxPartitions)
		return // what is wrong between them grows with their square
	}
	if c.tableKind == MBR && len(placed) > maxPrimary {
		c.mistake("spec.storage.partitions", "%d partitions are more than the %d of an mbr: want partitionTable gpt", len(placed), maxPrimary)
	}
	c.overlaps(placed)
	c.mounts(placed)
	c.twice(placed)
	for _, flag := range []string{flagBIOSGrub, flagESP, flagBoot} {
		if flagged := withFlag(placed, flag); len(flagged) > 1 {
			c.mistake(flagged[1].field+".flags", "partition %s has the flag %s already: one is used to boot", flagged[0].title(), flag)
		}
	}
	c.bootable(placed)
}

func (c *layoutCheck) overlaps(placed []placedPartition) {
	for i, p := range placed {
		for _, earlier := range placed[:i] {
			if p.known && earlier.known && p.start < earlier.end && earlier.start < p.end {
				c.mistake(p.field+".part_start", "partition %s overlaps partition %s", p.extent(), earlier.extent())
			}
		}
	}
}

func (c *layoutCheck) mounts(placed []placedPartition) {
	root := false
	for _, p := range placed {
		root = root || p.Mount == "/"
		for _, other := range placed {
			switch {
			case !p.mounted() || !other.mounted() || other.number == p.number:
			case other.Mount == p.Mount && other.number < p.number:
				c.mistake(p.field+".mount", "partition %d is mounted at %s already", other.number, p.Mount)
			case strings.HasPrefix(p.Mount, strings.TrimSuffix(other.Mount, "/")+"/") && p.MountOrder < other.MountOrder:
				c.mistake(p.field+".mount_order", "%d mounts %s before %s (%d), which holds it", p.MountOrder, p.Mount, other.Mount, other.MountOrder)
			}
		}
	}
	if !root {
		c.mistake("spec.storage.partitions", "no partition is mounted at /: a disk needs a root")
	}
}

// firmware is what the machines of a platform boot with, where their architecture leaves a choice.
var firmware = map[string]string{
	"baremetal": "a PC boots by BIOS or by UEFI",
	"vm":        "a virtual machine boots by BIOS where it is not given UEFI",
	"openstack": "an instance boots by BIOS where the image's properties do not ask for UEFI",
	"azure":     "azure boots generation 1 by BIOS and generation 2 by UEFI",
	"gcp":       "gcp boots an image that is marked UEFI_COMPATIBLE by UEFI, and others by BIOS",
}

// bootable demands what the architecture's firmware looks for: PCs have a BIOS or UEFI, others
// UEFI alone.
func (c *layoutCheck) bootable(placed []placedPartition) {
	esp, bios := len(withFlag(placed, flagESP)) > 0, len(withFlag(placed, flagBIOSGrub)) > 0
	const wanted = "a vfat partition with the flag esp, mounted at /boot/efi"
	switch {
	case esp:
	case c.architecture == "arm64":
		c.mistake("spec.storage.partitions", "the disk cannot boot: arm64 needs "+wanted)
	case c.sectorSize == largeSector:
		c.mistake("spec.storage.partitions", "the disk cannot boot: with sectors of 4096 bytes it needs UEFI, and that "+wanted)
	case c.tableKind == MBR:
	case !bios:
		reason := firmware[c.platform]
		if reason == "" {
			reason = firmware["baremetal"]
		}
		c.mistake("spec.storage.partitions", "the disk cannot boot: %s; "+
			"the one needs a partition with the flag bios_grub, the other a vfat partition with the flag esp: want either, or both", reason)
	}
}

// maxPrimary is the number of entries in an MBR.
const maxPrimary = 4

// growRoot decides whether the node grows its root.
func (c *layoutCheck) growRoot(wanted *bool, placed []placedPartition) bool {
	root := slices.IndexFunc(placed, func(p placedPartition) bool { return p.Mount == "/" })
	if root < 0 || !placed[root].known {
		return false
	}
	behind := slices.IndexFunc(placed, func(p placedPartition) bool { return p.known && p.start >= placed[root].end })
	if wanted == nil {
		return behind < 0
	}
	if *wanted && behind >= 0 {
		c.mistake("spec.storage.growRoot", "the root cannot grow: partition %s lies behind it; let the root lie last", placed[behind].extent())
	}
	return *wanted
}

func withFlag(placed []placedPartition, flag string) []placedPartition {
	return slices.DeleteFunc(slices.Clone(placed), func(p placedPartition) bool { return !p.flagged(flag) })
}

// title names p to whoever wrote the document: 3 (/boot/efi).
func (p placedPartition) title() string {
	return fmt.Sprintf("%d (%s)", p.number, p.Mount)
}

// extent names p with where it lies: 3 (/boot/efi, 5 MiB to 516 MiB).
func (p placedPartition) extent() string {
	return fmt.Sprintf("%d (%s, %s to %s)", p.number, p.Mount, formatBytes(p.start), formatBytes(p.end))
}
