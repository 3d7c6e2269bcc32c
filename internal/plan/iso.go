package plan

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// ISO is the live system of build-iso.
type ISO struct {
	// Label of the volume: cloud-init knows its ConfigDrive by it.
	Label string `json:"label"`
	// GUID of the GPT by which firmware finds the ESP where the image is on a USB stick.
	GUID string `json:"guid"`
	// ESP is the FAT serial of the file system that UEFI starts from, as blkid prints it: 4 and 4 digits in hex.
	ESP string `json:"esp"`
	// Cmdline of the kernel, NAME=VALUE or NAME, in order.
	Cmdline []string `json:"cmdline"`
	// Files are those for the ConfigDrive, by their paths on the ISO, each with its SHA-256 in hex.
	Files map[string]string `json:"files"`
}

// Paths on an ISO.
const (
	// ISOMarker is the empty file by which GRUB finds the medium, as on Airship's.
	ISOMarker = "/AIRSHIP"
	// LiveSquashFS is the root file system; live-boot looks for *.squashfs there.
	LiveSquashFS = "/live/filesystem.squashfs"
	LiveKernel   = "/live/vmlinuz"
	LiveInitrd   = "/live/initrd.img"
)

// LiveHostname is Airship's name of the node that brings up the first cluster, where a profile has no other.
const LiveHostname = "ephemeral"

const (
	// configDriveLabel is what cloud-init looks for (its DataSourceConfigDrive).
	configDriveLabel = "config-2"
	// liveTimeout of GRUB in seconds, where the profile has none.
	liveTimeout = 1
)

// liveCmdline is Airship's, but for two arguments. systemd.unified_cgroup_hierarchy=0 is left out, since systemd
// refuses to boot with it from version 256 on. nonetworking keeps live-boot from writing DHCP for each interface
// into /etc/network/interfaces, where cloud-init is to have its say alone.
var liveCmdline = []string{"boot=live", "quiet", "nomodeset", "overlay-size=70%", "ds=ConfigDrive", "nonetworking"}

// Hostname of the machines that an action makes of a resolved profile.
func Hostname(profile *v1alpha1.NodeProfile, action string) string {
	switch name := profile.Spec.Networking.Hostname; {
	case name != "":
		return name
	case action == v1alpha1.ActionBuildISO:
		return LiveHostname
	}
	return profile.Name
}

// newISO plans the ISO of a resolved profile; its identifiers follow from seed and all of it.
func newISO(profile *v1alpha1.NodeProfile, seed string) (ISO, error) {
	files, err := ConfigDrive(profile)
	if err != nil {
		return ISO{}, err
	}
	iso := ISO{
		Label:   configDriveLabel,
		Cmdline: slices.Concat(liveCmdline, Cmdline(profile)),
		Files:   digests(files),
	}
	id := identity{seed: digest("iso", seed, iso), scope: "iso"}
	iso.GUID, iso.ESP = id.uuid("disk"), id.volumeID("esp")
	return iso, nil
}

// livePackages make a live system and its boot loaders.
func livePackages(target Target) []string {
	names := []string{
		"live-boot", "live-boot-initramfs-tools", "cloud-init",
		"grub-efi-" + target.Architecture + "-bin",
	}
	if target.Architecture == "amd64" {
		names = append(names, "grub-pc-bin")
	}
	return names
}

// Warnings are what an image of a form will not do that its users may take for granted.
func (f Form) Warnings(profile *v1alpha1.NodeProfile) []string {
	if f.action() != v1alpha1.ActionBuildISO {
		return nil
	}
	kernel := kernelPackage(profile, askedPackages(profile))
	if flavour, _ := kernelFlavour(bareName(kernel)); !strings.Contains(flavour, "cloud") {
		return nil
	}
	return []string{kernel + " has no drivers for the SATA and USB of real machines: an ISO with it boots in virtual machines alone; " +
		"linux-image-" + profile.Spec.Architecture + ", as spec.osKernel.kernel_base_pkg, has them"}
}

// checkISO finds what a profile has that an ISO cannot be with.
func checkISO(profile *v1alpha1.NodeProfile) error {
	sources := profile.Spec.CloudInit.Datasources
	drive := func(name string) bool { return strings.EqualFold(name, "ConfigDrive") }
	if len(sources) == 0 || slices.ContainsFunc(sources, drive) {
		return nil
	}
	return &mistake.Mistake{
		Field: "spec.cloudInit.datasources",
		Problem: "cloud-init would not read what an ISO has for it, looking for " + strings.Join(sources, ", ") +
			" alone: add ConfigDrive",
	}
}
