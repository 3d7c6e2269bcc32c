package plan

import (
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

const (
	mebibyte = int64(1) << 20
	// defaultCapacity is Airship's qcow_capacity.
	defaultCapacity = "19G"
	// defaultRootStart is where the last partition of the default layout starts.
	defaultRootStart = 1284 * mebibyte
	// noMount stands in part of a path where a partition is not mounted.
	noMount = "none"

	flagBIOSGrub = "bios_grub"
	flagESP      = "esp"

	fsExt4 = "ext4"
	fsVfat = "vfat"
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
	partitions, least := storage.Partitions, 3*mebibyte
	if len(partitions) == 0 {
		partitions, least = defaultPartitions(), defaultRootStart+minExt4
	}
	check.capacity(storage.QcowCapacity, least)
	placed := check.place(partitions)
	check.whole(placed)
	if err := check.mistakes.ErrorOrNil(); err != nil {
		return Disk{}, err
	}

	identity := identity{seed: seed}
	disk := Disk{Size: check.size, SectorSize: 512, Table: GPT, GUID: identity.uuid("disk")}
	for _, p := range placed {
		disk.Partitions = append(disk.Partitions, p.partition(identity))
	}
	return disk, nil
}

// defaultPartitions is Airship's layout: the root is number 1, which Ironic's config drive relies
// on, though it lies last, where it can grow.
func defaultPartitions() []v1alpha1.Partition {
	filesystem := func(name string, pass int) *v1alpha1.Filesystem {
		return &v1alpha1.Filesystem{
			Type:  name,
			Fstab: v1alpha1.Fstab{Options: "defaults,errors=remount-ro,noatime", Fsck: pass},
		}
	}
	return []v1alpha1.Partition{
		{Mount: "/", PartStart: "1284MiB", PartEnd: "100%", Filesystem: filesystem(fsExt4, 1)},
		{Mount: noMount, PartStart: "1MiB", PartEnd: "5MiB", Flags: []string{flagBIOSGrub}},
		{
			Mount: "/boot/efi", MountOrder: 2, PartStart: "5MiB", PartEnd: "516MiB",
			Flags: []string{flagESP}, Filesystem: filesystem(fsVfat, 1),
		},
		{Mount: "/boot", MountOrder: 1, PartStart: "516MiB", PartEnd: "1284MiB", Filesystem: filesystem(fsExt4, 2)},
	}
}

// placedPartition is a partition of the document whose place on the disk is known.
type placedPartition struct {
	v1alpha1.Partition
	number     int
	field      string // path in the document
	start, end int64  // bytes; end is the first byte behind it
	known      bool   // start and end could be read and lie on the disk
}

func (p placedPartition) mounted() bool { return p.Mount != noMount }

func (p placedPartition) flagged(flag string) bool {
	for _, one := range p.Flags {
		if one == flag {
			return true
		}
	}
	return false
}

// partition is the GPT entry of p.
func (p placedPartition) partition(identity identity) Partition {
	id := identity.partition(p.number)
	entry := Partition{
		Number: p.number,
		Name:   p.name(),
		Type:   TypeLinux,
		GUID:   id.uuid("guid"),
		Start:  p.start,
		Size:   p.end - p.start,
	}
	switch {
	case p.flagged(flagBIOSGrub):
		entry.Type = TypeBIOSBoot
	case p.flagged(flagESP):
		entry.Type = TypeESP
	}
	if !p.mounted() {
		return entry
	}
	entry.Filesystem = &Filesystem{Type: p.Filesystem.Type}
	if p.Filesystem.Type == fsVfat {
		entry.Filesystem.UUID = id.volumeID("filesystem")
	} else {
		entry.Filesystem.UUID = id.uuid("filesystem")
		entry.Filesystem.HashSeed = id.uuid("hash seed")
	}
	entry.Mount = &Mount{
		Path:    p.Mount,
		Order:   p.MountOrder,
		Options: p.Filesystem.Fstab.Options,
		Dump:    p.Filesystem.Fstab.Dump,
		Pass:    p.Filesystem.Fstab.Fsck,
	}
	if entry.Mount.Options == "" {
		entry.Mount.Options = "defaults"
	}
	return entry
}

// nameForbidden are characters that udev would escape in /dev/disk/by-partlabel.
var nameForbidden = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// name is the GPT partition name, at most 36 UTF-16 units (UEFI specification 2.10, table 5.6).
func (p placedPartition) name() string {
	switch {
	case p.flagged(flagBIOSGrub):
		return flagBIOSGrub
	case p.flagged(flagESP):
		return flagESP
	case p.Mount == "/":
		return "root"
	case !p.mounted():
		return "reserved"
	}
	name := nameForbidden.ReplaceAllString(strings.Trim(p.Mount, "/"), "-")
	return name[:min(len(name), 36)]
}
