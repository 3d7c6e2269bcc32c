package plan

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Request is what the repositories are asked: which packages, from where, for which machine.
type Request struct {
	Target     Target   `json:"target"`
	Sources    []Source `json:"sources"`
	Include    []string `json:"include"`
	Unapproved []string `json:"unapproved,omitempty"`
}

// Digest identifies the request, SHA-256 in hex.
func (r Request) Digest() string { return digest("request", r) }

// NewRequest derives the packages and sources from a resolved profile and the disk it gets: what
// was asked for, and what an image needs to boot from that disk.
func NewRequest(profile *v1alpha1.NodeProfile, disk Disk) (Request, error) {
	spec := profile.Spec
	target := Target{
		Platform:     spec.Platform,
		Architecture: spec.Architecture,
		Distribution: spec.Distribution,
		Suite:        spec.Suite,
	}
	sources, err := sources(profile)
	if err != nil {
		return Request{}, err
	}
	asked := slices.Concat(spec.Software.Packages, spec.Software.UbuntuPackages)
	for _, r := range spec.Software.Repos {
		asked = append(asked, r.Packages...)
	}
	for _, d := range spec.Drivers {
		asked = slices.Concat(asked, d.Packages, d.DKMS, d.Firmware)
	}
	kernel := kernelPackage(profile, asked)
	headers, err := headersPackages(profile, kernel)
	if err != nil {
		return Request{}, err
	}
	include := slices.Concat(asked, []string{kernel}, headers, bootPackages(target, disk))
	return Request{
		Target:     target,
		Sources:    sources,
		Include:    withoutBare(include),
		Unapproved: sorted(spec.Software.UnapprovedPackages),
	}, nil
}

// kernelPackage is the profile's kernel: named, among its packages, or the platform's usual one.
func kernelPackage(profile *v1alpha1.NodeProfile, asked []string) string {
	if name := profile.Spec.OSKernel.KernelBasePkg; name != "" {
		return name
	}
	for _, p := range asked {
		if strings.HasPrefix(p, imagePrefix) {
			return p
		}
	}
	spec := profile.Spec
	switch {
	case spec.Distribution == "ubuntu":
		return "linux-image-generic"
	case spec.Platform == "azure" || spec.Platform == "gcp":
		return "linux-image-cloud-" + spec.Architecture
	default:
		return "linux-image-" + spec.Architecture
	}
}

// bootPackages are needed to boot from the disk, whatever the profile lists.
func bootPackages(target Target, disk Disk) []string {
	names := []string{"systemd-sysv", "udev", "initramfs-tools"}
	if _, bios := disk.BIOSBoot(target.Architecture); bios {
		names = append(names, "grub2-common", "grub-pc-bin")
	}
	if _, uefi := disk.OfType(TypeESP); uefi {
		names = append(names, "grub2-common", "grub-efi-"+target.Architecture+"-bin")
	}
	for _, p := range disk.Partitions {
		switch {
		case p.Filesystem == nil:
		case p.Filesystem.Type == "ext4":
			names = append(names, "e2fsprogs")
		case p.Filesystem.Type == "vfat":
			names = append(names, "dosfstools")
		}
	}
	return names
}

// withoutBare sorts names, drops duplicates, and drops NAME where NAME=VERSION is asked for too.
func withoutBare(names []string) []string {
	pinned := map[string]bool{}
	for _, n := range names {
		if name, _, ok := strings.Cut(n, "="); ok {
			pinned[name] = true
		}
	}
	return sorted(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return pinned[n] }))
}

func sorted(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}
