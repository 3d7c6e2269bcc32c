package v1alpha1

// Storage is the area storage: the disk image and its layout.
type Storage struct {
	// Partitions are numbered by their order here; where they lie is given by part_start and part_end.
	Partitions []Partition `json:"partitions,omitempty"`
	// QcowCapacity is the disk's virtual size: 19G (default), 20480M.
	QcowCapacity string `json:"qcow_capacity,omitempty"`
	// QcowCompress compresses the qcow2. Default true.
	QcowCompress *bool `json:"qcow_compress,omitempty"`
	// ImgName is the image's file name. Default: the profile's name with .qcow2.
	ImgName string `json:"img_name,omitempty"`
}

// Partition is one entry of the GPT.
type Partition struct {
	// Mount is an absolute path, or none for a partition without a file system.
	Mount string `json:"mount"`
	// MountOrder is the order of fstab's lines and of mounting, lowest first.
	MountOrder int `json:"mount_order,omitempty"`
	// PartStart and PartEnd are offsets from the disk's start: 1MiB, 5GiB, 100%.
	PartStart string `json:"part_start"`
	PartEnd   string `json:"part_end"`
	// Flags: bios_grub, esp.
	Flags      []string    `json:"flags,omitempty"`
	Filesystem *Filesystem `json:"filesystem,omitempty"`
}

// Filesystem of a partition.
type Filesystem struct {
	// Type is ext4 or vfat.
	Type string `json:"type"`
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
