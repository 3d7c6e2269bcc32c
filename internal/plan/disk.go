package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

const (
	mebibyte = int64(1) << 20
	// defaultCapacity is Airship's qcow_capacity.
	defaultCapacity = "19G"
	// defaultRootStart is where the last partition of the default layout starts.
	defaultRootStart = 1284 * mebibyte
	// noMount stands in place of a path where a partition is not mounted, swapMount where it is swap.
	noMount, swapMount = "none", "swap"

	flagBIOSGrub = "bios_grub"
	flagESP      = "esp"
	flagBoot     = "boot"

	fsExt4  = "ext4"
	fsXFS   = "xfs"
	fsBtrfs = "btrfs"
	fsVfat  = "vfat"
	fsSwap  = "swap"

	largeSector = 4096
)

// NewDisk lays out the disk that profile's area storage asks for; without partitions there, as
// Airship does by default. Positions are rounded to the nearest MiB, so that partitions that touch
// still touch. Every identifier on the disk follows from seed alone: the same profile and the same
// seed give the same Disk.
//
// The error is a *multierror.Error of every *mistake.Mistake found.
func NewDisk(profile *v1alpha1.NodeProfile, seed string) (Disk, error) {
	storage := profile.Spec.Storage
	check := layoutCheck{architecture: profile.Spec.Architecture, platform: profile.Spec.Platform}
	check.table(storage)
	partitions, least := storage.Partitions, 3*mebibyte
	if len(partitions) == 0 {
		partitions, least = defaultPartitions(check.tableKind), defaultRootStart+minExt4
	}
	check.capacity(storage.QcowCapacity, least)
	placed := check.place(partitions)
	check.whole(placed)
	grow := check.growRoot(storage.GrowRoot, placed)
	if err := check.mistakes.ErrorOrNil(); err != nil {
		return Disk{}, err
	}

	identity := identity{seed: seed}
	disk := Disk{Size: check.size, SectorSize: check.sectorSize, Table: check.tableKind, GUID: identity.uuid("disk"), GrowRoot: grow}
	if disk.Table == MBR {
		disk.GUID = identity.signature("disk")
	}
	for _, p := range placed {
		disk.Partitions = append(disk.Partitions, p.partition(identity, disk))
	}
	if disk.Table == MBR && len(withFlag(placed, flagBoot)) == 0 {
		disk.activate()
	}
	return disk, nil
}

// activate marks the partition that holds /boot: some BIOSes pass over an MBR without an active one.
func (d *Disk) activate() {
	path := "/"
	if _, own := d.Partition("/boot"); own {
		path = "/boot"
	}
	for i, p := range d.Partitions {
		d.Partitions[i].Active = p.Mount != nil && p.Mount.Path == path
	}
}

// defaultPartitions is Airship's layout: the root is number 1, which Ironic's config drive relies
// on, though it lies last, where it can grow. In an MBR GRUB's code lies before the first partition.
func defaultPartitions(table string) []v1alpha1.Partition {
	filesystem := func(name string, pass int) *v1alpha1.Filesystem {
		return &v1alpha1.Filesystem{
			Type:  name,
			Fstab: v1alpha1.Fstab{Options: "defaults,errors=remount-ro,noatime", Fsck: pass},
		}
	}
	all := []v1alpha1.Partition{
		{Mount: "/", PartStart: "1284MiB", PartEnd: "100%", Filesystem: filesystem(fsExt4, 1)},
		{Mount: noMount, PartStart: "1MiB", PartEnd: "5MiB", Flags: []string{flagBIOSGrub}},
		{
			Mount: "/boot/efi", MountOrder: 2, PartStart: "5MiB", PartEnd: "516MiB",
			Flags: []string{flagESP}, Filesystem: filesystem(fsVfat, 1),
		},
		{Mount: "/boot", MountOrder: 1, PartStart: "516MiB", PartEnd: "1284MiB", Filesystem: filesystem(fsExt4, 2)},
	}
	if table == MBR {
		all = slices.DeleteFunc(all, func(p v1alpha1.Partition) bool { return slices.Contains(p.Flags, flagBIOSGrub) })
	}
	return all
}

// placedPartition is a partition of the document whose place on the disk is known.
type placedPartition struct {
	v1alpha1.Partition
	number     int
	field      string // path in the document
	start, end int64  // bytes; end is the first byte behind it
	known      bool   // start and end could be read and lie on the disk
	// architecture of the machine, Debian's name: types of roots follow from it.
	architecture string
}

func (p placedPartition) mounted() bool { return p.Mount != noMount && p.Mount != swapMount }

// swap says that the partition is swap space.
func (p placedPartition) swap() bool { return p.Filesystem != nil && p.Filesystem.Type == fsSwap }

func (p placedPartition) flagged(flag string) bool {
	for _, one := range p.Flags {
		if one == flag {
			return true
		}
	}
	return false
}

// partition is p's entry in the table.
func (p placedPartition) partition(identity identity, disk Disk) Partition {
	id := identity.partition(p.number)
	entry := Partition{Number: p.number, Start: p.start, Size: p.end - p.start, Type: p.kind(disk.Table)}
	if disk.Table == MBR {
		// As the kernel makes PARTUUIDs of an MBR.
		entry.GUID = fmt.Sprintf("%s-%02x", disk.GUID, p.number)
		entry.Active = p.flagged(flagBoot)
	} else {
		entry.GUID, entry.Name = id.uuid("guid"), p.name()
	}
	if p.Filesystem == nil {
		return entry
	}
	entry.Filesystem = &Filesystem{Type: p.Filesystem.Type, Label: p.Filesystem.Label}
	if p.Filesystem.Type == fsVfat {
		entry.Filesystem.UUID = id.volumeID("filesystem")
	} else {
		entry.Filesystem.UUID = id.uuid("filesystem")
	}
	if p.Filesystem.Type == fsExt4 {
		entry.Filesystem.HashSeed = id.uuid("hash seed")
	}
	options := p.Filesystem.Fstab.Options
	if options == "" {
		options = "defaults"
	}
	if !p.mounted() {
		entry.Swap = options
		return entry
	}
	entry.Mount = &Mount{
		Path:    p.Mount,
		Order:   p.MountOrder,
		Options: options,
		Dump:    p.Filesystem.Fstab.Dump,
		Pass:    p.Filesystem.Fstab.Fsck,
	}
	return entry
}

// kind is the type in the table.
func (p placedPartition) kind(table string) string {
	word := p.Type
	switch {
	case word != "":
	case p.flagged(flagBIOSGrub):
		word = flagBIOSGrub
	case p.flagged(flagESP):
		word = flagESP
	case p.swap():
		word = fsSwap
	default:
		word = "linux"
	}
	if table == MBR {
		return mbrTypes[word]
	}
	if guid, known := gptTypes(p.architecture)[word]; known {
		return guid
	}
	return strings.ToUpper(word)
}

// nameForbidden are characters that udev would escape in /dev/disk/by-partlabel.
var nameForbidden = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// name is the GPT partition name, at most 36 UTF-16 units (UEFI specification 2.10, table 5.6).
func (p placedPartition) name() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.flagged(flagBIOSGrub):
		return flagBIOSGrub
	case p.flagged(flagESP):
		return flagESP
	case p.Mount == "/":
		return "root"
	case p.swap():
		return fsSwap
	case !p.mounted():
		return "reserved"
	}
	name := nameForbidden.ReplaceAllString(strings.Trim(p.Mount, "/"), "-")
	return name[:min(len(name), 36)]
}
