package v1alpha1

// Storage is the area storage: the disk image and its layout.
type Storage struct {
	// Partitions are numbered by their order here; where they lie is given by part_start and part_end.
	Partitions []Partition `json:"partitions,omitempty"`
	// PartitionTable is gpt (default), or mbr for firmware that knows no other.
	// +kubebuilder:validation:Enum=gpt;mbr
	PartitionTable string `json:"partitionTable,omitempty"`
	// SectorSize is the disk's logical sector in bytes: 512 (default), or 4096, which UEFI alone boots from.
	// +kubebuilder:validation:Enum=512;4096
	SectorSize int `json:"sectorSize,omitempty"`
	// GrowRoot grows the root, and its file system, into the room behind it, when the node boots. Default: true
	// where no partition lies behind the root.
	GrowRoot *bool `json:"growRoot,omitempty"`
	// QcowCapacity is the disk's virtual size: 19G (default), 20480M.
	QcowCapacity string `json:"qcow_capacity,omitempty"`
	// QcowCompress compresses the qcow2. Default true.
	QcowCompress *bool `json:"qcow_compress,omitempty"`
	// ImgName is the image's file name. Default: the profile's name with .qcow2.
	ImgName string `json:"img_name,omitempty"`
}

// Partition is one entry of the partition table.
type Partition struct {
	// Mount is an absolute path, or none for a partition that is not mounted.
	Mount string `json:"mount"`
	// MountOrder is the order of fstab's lines and of mounting, lowest first.
	MountOrder int `json:"mount_order,omitempty"`
	// PartStart and PartEnd are offsets from the disk's start: 1MiB, 5GiB, 100%. A start that is left out is the
	// end of the partition before it in the list (1MiB for the first).
	PartStart string `json:"part_start,omitempty"`
	PartEnd   string `json:"part_end,omitempty"`
	// Size takes the place of PartEnd: 512MiB, 5GiB, 25% of the disk.
	Size string `json:"size,omitempty"`
	// Name is the partition's in a GPT. Default: made of its mount.
	Name string `json:"name,omitempty"`
	// Type is a GPT partition type: a GUID, or a word: linux, swap, esp, bios_grub, xbootldr, home, srv, var, tmp, usr,
	// root, lvm, raid. Default: what flags and file system make it.
	Type string `json:"type,omitempty"`
	// Flags: bios_grub, esp; boot, the active partition of an mbr (default: the one that holds /boot).
	Flags      []string    `json:"flags,omitempty"`
	Filesystem *Filesystem `json:"filesystem,omitempty"`
}

// Filesystem of a partition.
type Filesystem struct {
	// Type is ext4, xfs, btrfs, vfat or swap.
	Type string `json:"type"`
	// Label of the file system.
	Label string `json:"label,omitempty"`
	// +optional
	Fstab Fstab `json:"fstab,omitzero"`
}

// Fstab holds the last three columns of fstab(5).
type Fstab struct {
	// Options are mount options. Default: defaults.
	Options string `json:"options,omitempty"`
	Dump    int    `json:"dump,omitempty"`
	// Fsck is fstab's sixth column: 1 for the root, 2 for others, 0 for never.
	Fsck int `json:"fsck,omitempty"`
}
