package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// KindNodeProfile is NodeProfile's kind, as documents write it.
const KindNodeProfile = "NodeProfile"

// NodeProfile describes what a kind of node is made of: its packages, kernel, disk and
// configuration. It names no machine; many nodes share a profile.
type NodeProfile struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec NodeProfileSpec `json:"spec"`
}

// NodeProfileSpec groups a profile's settings by area.
type NodeProfileSpec struct {
	// Platform is what the node runs on: baremetal (default), vm, azure, gcp or openstack.
	Platform string `json:"platform,omitempty"`
	// Architecture is Debian's name of the node's: amd64 (default) or arm64.
	Architecture string `json:"architecture,omitempty"`
	// Distribution is debian (default) or ubuntu.
	Distribution string `json:"distribution,omitempty"`
	// Suite is the distribution's code name: bookworm (default) or trixie of debian; focal, jammy
	// or noble of ubuntu, which has no default.
	Suite string `json:"suite,omitempty"`

	Networking Networking `json:"networking,omitzero"`
	Software   Software   `json:"software,omitzero"`
	OSKernel   OSKernel   `json:"osKernel,omitzero"`
	Storage    Storage    `json:"storage,omitzero"`
	Users      Users      `json:"users,omitzero"`
}

// Networking is the area networking.
type Networking struct {
	// Hostname is written to /etc/hostname. Empty: the profile's name.
	Hostname string `json:"hostname,omitempty"`
}

// Software is the area software: where packages come from and which are installed.
type Software struct {
	// Repos, where given, are all the package sources; else the distribution's suite with its
	// updates and security.
	Repos       []Repository `json:"repos,omitempty"`
	ReposAppend []Repository `json:"repos_append,omitempty"`
	// Packages are installed whichever the distribution: NAME or NAME=VERSION.
	Packages       []string `json:"packages,omitempty"`
	PackagesAppend []string `json:"packages_append,omitempty"`
	// UbuntuPackages is Airship's name for the same list; the two add up.
	UbuntuPackages       []string `json:"ubuntu_packages,omitempty"`
	UbuntuPackagesAppend []string `json:"ubuntu_packages_append,omitempty"`
	// UnapprovedPackages are never installed; apt gives them priority -1 in the image as well.
	UnapprovedPackages []string `json:"unapproved_packages,omitempty"`
	// K8sVersion pins kubelet, kubeadm and kubectl wherever they are listed without a version:
	// 1.18.6-00.
	K8sVersion string `json:"k8s_version,omitempty"`
}

// Repository is a package source in Airship's shape.
type Repository struct {
	// Name identifies the repository in messages, file names and the lock. Required, unique.
	Name string `json:"name"`
	// Source is the archive's base URL, as in sources.list. Empty: the build's mirror.
	Source string `json:"source,omitempty"`
	// Suite as in sources.list: bookworm, bookworm-updates; "/" or "PATH/" is a flat repository.
	Suite string `json:"suite"`
	// Components are separated by spaces; empty for a flat repository.
	Components string `json:"components,omitempty"`
	// Packages are installed in addition to the profile's.
	Packages []string `json:"packages,omitempty"`
	// KeyringPkg names a package of the distribution that holds the keyring.
	KeyringPkg string `json:"keyring_pkg,omitempty"`
	// KeyringURL is fetched; KeyringFingerprint must stand beside it.
	KeyringURL string `json:"keyring_url,omitempty"`
	// KeyringFingerprint is the full OpenPGP fingerprint (hex, spaces allowed) of a key in KeyringURL.
	KeyringFingerprint string `json:"keyringFingerprint,omitempty"`
	// Keyring is an ASCII-armoured OpenPGP key block, or the path of a keyring file (armoured or
	// binary) relative to the document. A resolved profile holds the block.
	Keyring string `json:"keyring,omitempty"`
	// OmitDebSrc is "true" to leave out the deb-src line, which is never written here.
	OmitDebSrc Scalar `json:"omitdebsrc,omitempty"`
	// RegisterRepoWithRootfs keeps the repository in the image's apt sources.
	RegisterRepoWithRootfs bool `json:"register_repo_with_rootfs"`
}

// OSKernel is the area osKernel: the kernel, its command line and its parameters.
type OSKernel struct {
	// KernelBasePkg is the kernel's meta package. Default: by distribution and platform.
	KernelBasePkg string `json:"kernel_base_pkg,omitempty"`
	// KernelHeadersPkg is installed where it is given.
	KernelHeadersPkg string `json:"kernel_headers_pkg,omitempty"`
	// Sysctl are kernel parameters that the node sets at boot.
	Sysctl []Sysctl `json:"sysctl,omitempty"`
	Grub   Grub     `json:"grub,omitzero"`
	// GrubCmdlineLinuxDefaultAppend extends grub.GRUB_CMDLINE_LINUX_DEFAULT.
	GrubCmdlineLinuxDefaultAppend []Argument `json:"grub_cmdline_linux_default_append,omitempty"`
}

// Sysctl is one kernel parameter: name net.ipv4.ip_forward, value "1" (a number is accepted too).
type Sysctl struct {
	Name  string `json:"name"`
	Value Scalar `json:"value"`
}

// Grub is what /etc/default/grub is rendered from.
type Grub struct {
	// Timeout in seconds; nil leaves 5.
	Timeout *int `json:"GRUB_TIMEOUT,omitempty"`
	// CmdlineLinuxDefault is the kernel command line, in order; names may repeat.
	CmdlineLinuxDefault []Argument `json:"GRUB_CMDLINE_LINUX_DEFAULT,omitempty"`
	// SerialCommand are the options of GRUB's serial command: speed, unit, word, parity, stop.
	SerialCommand []Argument `json:"GRUB_SERIAL_COMMAND,omitempty"`
}

// Argument is NAME=VALUE, or a bare flag where the value is absent.
type Argument struct {
	Name  string  `json:"name"`
	Value *Scalar `json:"value,omitempty"`
}

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
	Type  string `json:"type"`
	Fstab Fstab  `json:"fstab,omitzero"`
}

// Fstab holds the last three columns of fstab(5).
type Fstab struct {
	// Options are mount options. Default: defaults.
	Options string `json:"options,omitempty"`
	Dump    int    `json:"dump,omitempty"`
	// Fsck is fstab's sixth column: 1 for the root, 2 for others, 0 for never.
	Fsck int `json:"fsck,omitempty"`
}

// Users is the area users.
type Users struct {
	UserManagement []User `json:"user_management,omitempty"`
}

// User is made, or changed where it exists.
type User struct {
	Name string `json:"name"`
	// Shell is the login shell. Empty leaves the system's default.
	Shell string `json:"shell,omitempty"`
	// Password is a crypt(5) hash, never a plain text.
	Password string `json:"password,omitempty" airship:"secret"`
	// PasswordLock locks the password, so that only keys log in.
	PasswordLock bool `json:"password_lock,omitempty"`
	// RunContexts: common (default) or qcow.
	RunContexts []string `json:"run_contexts,omitempty"`
}
