// Package plan decides what to build: a resolved profile and a lock go in, a Plan comes out.
//
// It does no I/O. The same profile and the same lock give the same Plan, the same JSON and the
// same digests; everything that does something takes a Plan and no document.
package plan

import (
	"slices"
	"strings"
)

// Plan is everything that decides the bytes of an image.
type Plan struct {
	// Profile is the profile's name.
	Profile string `json:"profile"`
	Target  Target `json:"target"`
	// Epoch is SOURCE_DATE_EPOCH, seconds since 1970: the base suite's date in the lock.
	Epoch int64 `json:"epoch"`
	// Plugin is the version of this plugin, whose own scripts and roles are in the image.
	Plugin string `json:"plugin"`
	// Packer is the version of Packer's core, which the image's record names.
	Packer string `json:"packer,omitempty"`
	// Toolbox is the digest of the tools and of how they were unpacked.
	Toolbox string `json:"toolbox"`
	RootFS  RootFS `json:"rootfs"`
	System  System `json:"system"`
	// Variables are what the provisioner applies, secrets replaced by digests.
	Variables map[string]any `json:"variables,omitempty"`
	// Action is what becomes of the tree: build-qcow, build-iso or build-root.
	Action string `json:"action"`
	Disk   Disk   `json:"disk,omitzero"` // of build-qcow
	ISO    ISO    `json:"iso,omitzero"`  // of build-iso
	// Outputs are the files that the build keeps, the first one's name without its ending is the image's.
	Outputs []Output `json:"outputs"`
}

// Target is what the image is for.
type Target struct {
	Platform     string `json:"platform"`     // baremetal, vm, azure, gcp, openstack
	Architecture string `json:"architecture"` // Debian's name: amd64, arm64
	Distribution string `json:"distribution"` // debian, ubuntu
	Suite        string `json:"suite"`        // bookworm
}

// RootFS is the stage that turns packages into a tree.
type RootFS struct {
	// Base is what packages are added to; nil: nothing.
	Base *Base `json:"base,omitempty"`
	// Sources are the package sources, in order of preference.
	Sources []Source `json:"sources"`
	// Include are the packages asked for, by the profile or for its platform: NAME or NAME=VERSION,
	// sorted, without duplicates.
	Include []string `json:"include"`
	// Unapproved packages never enter the image.
	Unapproved []string `json:"unapproved,omitempty"`
	// Packages is the lock's answer: every package that is installed, sorted by name.
	Packages []Package `json:"packages"`
}

// Has says whether the image has a package.
func (r RootFS) Has(name string) bool {
	return r.Base.Has(name) || slices.ContainsFunc(r.Packages, func(p Package) bool { return p.Name == name })
}

// Names of all packages of the image, each once, sorted.
func (r RootFS) Names() []string {
	var names []string
	if r.Base != nil {
		for _, p := range r.Base.Packages {
			names = append(names, p.Name)
		}
	}
	for _, p := range r.Packages {
		names = append(names, p.Name)
	}
	return sorted(names)
}

// Source is one apt source. Its URI is the document's or the distribution's public alias, never
// the build's mirror.
type Source struct {
	Name string `json:"name"`
	URI  string `json:"uri"`
	// Mirrored: the URI is the distribution's public alias, and a build fetches from its mirror.
	Mirrored   bool     `json:"mirrored,omitempty"`
	Suite      string   `json:"suite"` // "/" or "path/" when flat
	Components []string `json:"components,omitempty"`
	// Keyring is an armoured key block; empty: the distribution's embedded keyring.
	Keyring string `json:"keyring,omitempty"`
	// KeyringURL is fetched for the key with KeyringFingerprint, which becomes Keyring in the lock.
	KeyringURL         string `json:"keyringURL,omitempty"`
	KeyringFingerprint string `json:"keyringFingerprint,omitempty"`
	// Register keeps it in the image's /etc/apt/sources.list.d.
	Register bool `json:"register"`
}

// Package is one resolved binary package.
type Package struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
	Source       string `json:"source"`   // the Source's name it comes from
	Filename     string `json:"filename"` // relative to the source's URI
	Size         int64  `json:"size"`     // bytes
	SHA256       string `json:"sha256"`   // hex
}

// System is what the builder itself writes into the tree.
type System struct {
	Hostname string   `json:"hostname"`
	Cmdline  []string `json:"cmdline,omitempty"` // NAME=VALUE or NAME, in order
	// SecureBoot: UEFI starts the distribution's signed shim, and that signed GRUB and kernels alone.
	SecureBoot bool `json:"secureBoot,omitempty"`
	// GrubTimeout in seconds.
	GrubTimeout int `json:"grubTimeout"`
	// GrubSerial are options of GRUB's serial command, NAME=VALUE.
	GrubSerial []string `json:"grubSerial,omitempty"`
}

// Disk is the disk image before it is converted to its format.
type Disk struct {
	// Size in bytes, a multiple of 1 MiB.
	Size int64 `json:"size"`
	// SectorSize is the logical sector's, bytes: 512 or 4096.
	SectorSize int64 `json:"sectorSize"`
	// Table is gpt or mbr.
	Table string `json:"table"`
	// GUID of the GPT, or an MBR's disk signature: 8 digits in hex.
	GUID string `json:"guid"`
	// GrowRoot: the node grows its root into the room behind it.
	GrowRoot bool `json:"growRoot,omitempty"`
	// Partitions by number; the first is number 1, wherever it lies.
	Partitions []Partition `json:"partitions"`
}

// Tables of partitions.
const (
	GPT = "gpt"
	MBR = "mbr"
)

// Partition is one entry of the table.
type Partition struct {
	Number int    `json:"number"`
	Name   string `json:"name,omitempty"` // GPT partition name
	Type   string `json:"type"`           // GPT type GUID, or an MBR's type, two digits in hex
	GUID   string `json:"guid"`           // PARTUUID
	// Active is the flag of an MBR's entry that old firmware boots.
	Active bool  `json:"active,omitempty"`
	Start  int64 `json:"start"` // bytes from the disk's start, a multiple of 1 MiB
	Size   int64 `json:"size"`  // bytes, a multiple of 1 MiB; the last one leaves room for the backup GPT
	// Filesystem is nil for a partition without one.
	Filesystem *Filesystem `json:"filesystem,omitempty"`
	// Mount is nil where the partition is not mounted.
	Mount *Mount `json:"mount,omitempty"`
	// Swap are the options of a partition that is swap space; empty for others.
	Swap string `json:"swap,omitempty"`
}

// Filesystem to be made and filled.
type Filesystem struct {
	Type string `json:"type"` // ext4, xfs, btrfs, vfat, swap
	// UUID as blkid prints it: 8-4-4-4-12 digits in hex, of vfat 4-4.
	UUID  string `json:"uuid"`
	Label string `json:"label,omitempty"`
	// HashSeed of ext4's directory index, a UUID.
	HashSeed string `json:"hashSeed,omitempty"`
}

// Mount is a line of /etc/fstab.
type Mount struct {
	Path    string `json:"path"`
	Order   int    `json:"order"`
	Options string `json:"options"`
	Dump    int    `json:"dump"`
	Pass    int    `json:"pass"`
}

// Has says whether an option is among Options.
func (m Mount) Has(option string) bool { return slices.Contains(strings.Split(m.Options, ","), option) }

// GPT type GUIDs (UEFI specification 2.10, table 5.7; the Discoverable Partitions Specification).
const (
	TypeBIOSBoot = "21686148-6449-6E6F-744E-656564454649"
	TypeESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	TypeLinux    = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
)

// Output is a file that the build keeps.
type Output struct {
	Name string `json:"name"` // file name
	// Format is one of AirshipImage's formats: qcow2, iso, tar.zst.
	Format string `json:"format"`
	// Compression of qcow2: zlib, zstd or none. Empty for other formats.
	Compression string `json:"compression,omitempty"`
}

// Partition of the disk that is mounted at path; false where there is none.
func (d Disk) Partition(path string) (Partition, bool) {
	for _, p := range d.Partitions {
		if p.Mount != nil && p.Mount.Path == path {
			return p, true
		}
	}
	return Partition{}, false
}

// OfType is the first partition of a type; false where there is none.
func (d Disk) OfType(guid string) (Partition, bool) {
	for _, p := range d.Partitions {
		if p.Type == guid {
			return p, true
		}
	}
	return Partition{}, false
}

// ESP is the partition that UEFI starts from; false where there is none.
func (d Disk) ESP() (Partition, bool) {
	if d.Table == MBR {
		return d.OfType(mbrTypes[flagESP])
	}
	return d.OfType(TypeESP)
}

// Extent is a part of a disk, in bytes.
type Extent struct{ Start, Size int64 }

// mbrGap is what lies between an MBR and the first partition.
var mbrGap = Extent{Start: 512, Size: mebibyte - 512}

// BIOSBoot is where a BIOS finds GRUB: the partition for it, or the room behind an MBR; false where the disk, or a
// machine of the architecture (Debian's name), does not boot by BIOS. Only PCs have one: elsewhere Airship's layout
// keeps the partition, unused, so that the others have the same numbers. BIOSes read sectors of 512 bytes.
func (d Disk) BIOSBoot(architecture string) (Extent, bool) {
	if architecture != "amd64" || d.SectorSize == largeSector {
		return Extent{}, false
	}
	if d.Table == MBR {
		return mbrGap, true
	}
	p, found := d.OfType(TypeBIOSBoot)
	return Extent{Start: p.Start, Size: p.Size}, found
}
