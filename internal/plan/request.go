package plan

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Request is what the repositories are asked: which packages, from where, for which machine.
type Request struct {
	Target Target `json:"target"`
	// Base is the digest of the root filesystem that packages are added to; empty: none.
	Base    string   `json:"base,omitempty"`
	Sources []Source `json:"sources"`
	Include []string `json:"include"`
	// Wanted are included, too, where the sources have them and they fit the others.
	Wanted     []string `json:"wanted,omitempty"`
	Unapproved []string `json:"unapproved,omitempty"`
}

// Digest identifies the request, SHA-256 in hex.
func (r Request) Digest() string { return digest("request", r) }

// NewRequest derives the packages and sources from a resolved profile and the disk it gets: what
// was asked for, and what an image needs to boot from that disk.
func NewRequest(profile *v1alpha1.NodeProfile, form Form, disk Disk) (Request, error) {
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
	request := Request{Target: target, Base: form.Base, Sources: sources, Unapproved: sorted(spec.Software.UnapprovedPackages)}
	if form.action() == v1alpha1.ActionBuildRoot && !namesKernel(profile) {
		// A root filesystem boots nothing by itself: what builds on it adds a kernel.
		request.Include = withoutBare(askedPackages(profile))
		return request, nil
	}
	installed, err := installed(profile)
	if err != nil {
		return Request{}, err
	}
	if err := checkSecureBoot(profile, form, disk); err != nil {
		return Request{}, err
	}
	if form.action() == v1alpha1.ActionBuildISO {
		if err := checkISO(profile); err != nil {
			return Request{}, err
		}
	}
	request.Include = withoutBare(slices.Concat(installed, bootPackages(target, form, disk), signedPackages(profile, form)))
	request.Wanted = Wanted(profile)
	return request, nil
}

// namesKernel says whether a profile itself asks for a kernel, or for what is built for one.
func namesKernel(profile *v1alpha1.NodeProfile) bool {
	return profile.Spec.OSKernel.KernelBasePkg != "" || firstDKMS(profile.Spec.Drivers) >= 0 ||
		slices.ContainsFunc(askedPackages(profile), isKernel)
}

// Installed are the packages that every machine of a profile has, NAME or NAME=VERSION, sorted and
// without duplicates: what the profile asks for, its kernel, and the kernel's headers where drivers are
// built. What makes a disk boot is not among them. Check has accepted the profile.
func Installed(profile *v1alpha1.NodeProfile) []string {
	names, _ := installed(profile)
	return names
}

// installed is Installed; the error is a mistake about the headers, which are left out then.
func installed(profile *v1alpha1.NodeProfile) ([]string, error) {
	asked := askedPackages(profile)
	kernel := kernelPackage(profile, asked)
	headers, err := headersPackages(profile, kernel)
	return withoutBare(slices.Concat(asked, []string{kernel}, headers)), err
}

// askedPackages are those that a profile lists.
func askedPackages(profile *v1alpha1.NodeProfile) []string {
	spec := profile.Spec
	asked := slices.Concat(spec.Software.Packages, spec.Software.UbuntuPackages)
	for _, r := range spec.Software.Repos {
		asked = append(asked, r.Packages...)
	}
	for _, d := range spec.Drivers {
		asked = slices.Concat(asked, d.Packages, d.DKMS, d.Firmware)
	}
	return asked
}

// bootPackages are needed to boot the form, whatever the profile lists.
func bootPackages(target Target, form Form, disk Disk) []string {
	if form.action() == v1alpha1.ActionBuildRoot {
		return nil
	}
	names := []string{"systemd-sysv", "udev", "initramfs-tools"}
	if form.action() == v1alpha1.ActionBuildISO {
		return append(names, livePackages(target)...)
	}
	if _, bios := disk.BIOSBoot(target.Architecture); bios {
		names = append(names, "grub2-common", "grub-pc-bin")
	}
	if _, uefi := disk.ESP(); uefi {
		names = append(names, "grub2-common", "grub-efi-"+target.Architecture+"-bin")
	}
	if disk.GrowRoot {
		names = append(names, "fdisk")
	}
	for _, p := range disk.Partitions {
		if p.Filesystem != nil {
			names = append(names, filesystemPackages[p.Filesystem.Type]...)
		}
	}
	return names
}

// filesystemPackages have what checks a file system, and what the initramfs needs to mount it.
var filesystemPackages = map[string][]string{
	fsExt4: {"e2fsprogs"}, fsXFS: {"xfsprogs"}, fsBtrfs: {"btrfs-progs"}, fsVfat: {"dosfstools"},
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
