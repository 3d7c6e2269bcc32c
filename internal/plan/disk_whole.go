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
	c.overlaps(placed)
	c.mounts(placed)
	for _, flag := range []string{flagBIOSGrub, flagESP} {
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
	switch {
	case esp:
	case c.architecture == "arm64":
		c.mistake("spec.storage.partitions", "the disk cannot boot: arm64 needs a vfat partition with the flag esp, mounted at /boot/efi")
	case !bios:
		reason := firmware[c.platform]
		if reason == "" {
			reason = firmware["baremetal"]
		}
		c.mistake("spec.storage.partitions", "the disk cannot boot: %s; "+
			"the one needs a partition with the flag bios_grub, the other a vfat partition with the flag esp: want either, or both", reason)
	}
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
