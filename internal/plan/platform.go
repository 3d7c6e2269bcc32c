package plan

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// serialOptions are those of the serial console that a platform records and lets people type into, as
// its documentation has them: Azure's "Prepare Linux for imaging", Google's "Import boot disks
// manually", OpenStack's image guide. Bare metal has whatever its owner wired up.
var serialOptions = map[string]string{
	"azure":     "115200n8",
	"gcp":       "38400n8d",
	"openstack": "115200n8",
	"vm":        "115200n8",
}

// console are the kernel arguments for the platform's consoles, the serial one last: it is the one that
// /dev/console means.
func console(platform, architecture string) []string {
	options, known := serialOptions[platform]
	if !known {
		return nil
	}
	if architecture == "arm64" {
		// Azure documents earlycon at an address, too, where other machines have memory or nothing.
		return []string{"console=tty0", "console=ttyAMA0," + options}
	}
	arguments := []string{"console=tty0", "console=ttyS0," + options}
	if platform == "azure" {
		arguments = append(arguments, "earlyprintk=ttyS0,115200")
	}
	return arguments
}

func hasConsole(arguments []string) bool {
	return slices.ContainsFunc(arguments, func(a string) bool { return strings.HasPrefix(a, "console=") })
}

// kernelPackage is the profile's kernel: named, among its packages, or the platform's usual one.
func kernelPackage(profile *v1alpha1.NodeProfile, asked []string) string {
	if name := profile.Spec.OSKernel.KernelBasePkg; name != "" {
		return name
	}
	if i := slices.IndexFunc(asked, isKernel); i >= 0 {
		return asked[i]
	}
	return usualKernel(profile)
}

// usualKernel is that of the profile's distribution and platform. Each is signed.
func usualKernel(profile *v1alpha1.NodeProfile) string {
	spec := profile.Spec
	cloud := spec.Platform == "azure" || spec.Platform == "gcp"
	switch {
	case spec.Distribution == "ubuntu" && cloud:
		return imagePrefix + spec.Platform
	case spec.Distribution == "ubuntu" && (spec.Platform == "vm" || spec.Platform == "openstack"):
		return imagePrefix + "virtual"
	case spec.Distribution == "ubuntu":
		return imagePrefix + "generic"
	case cloud:
		return imagePrefix + "cloud-" + spec.Architecture
	default:
		return imagePrefix + spec.Architecture
	}
}

// Wanted are the agents by which a platform and its machines talk, NAME or NAME=VERSION, sorted: an
// image gets each that its sources have and that fits its other packages. What a profile asks for
// anyway, or does not approve of, is not among them.
func Wanted(profile *v1alpha1.NodeProfile) []string {
	asked := askedPackages(profile)
	var wanted []string
	for _, agent := range agents(profile, kernelPackage(profile, asked)) {
		name := bareName(agent)
		if !slices.ContainsFunc(asked, func(a string) bool { return bareName(a) == name }) &&
			!slices.Contains(profile.Spec.Software.UnapprovedPackages, name) {
			wanted = append(wanted, agent)
		}
	}
	return sorted(wanted)
}

// agents are a platform's, by the names that Debian and Ubuntu give them.
func agents(profile *v1alpha1.NodeProfile, kernel string) []string {
	switch spec := profile.Spec; {
	case spec.Platform == "azure" && spec.Distribution == "ubuntu":
		names := []string{"walinuxagent"}
		// Hyper-V's daemons, which Ubuntu makes for each kernel.
		if tools := beside(kernel, "linux-cloud-tools-"); tools != "" {
			names = append(names, tools)
		}
		return names
	case spec.Platform == "azure":
		return []string{"waagent", "hyperv-daemons"}
	case spec.Platform == "gcp":
		return []string{"google-guest-agent"}
	case spec.Platform == "vm", spec.Platform == "openstack":
		return []string{"qemu-guest-agent"}
	}
	return nil
}

// Taken are the wanted packages of a request that are among packages, its answer.
func (r Request) Taken(packages []Package) []string {
	var taken []string
	for _, wanted := range r.Wanted {
		name, version, pinned := strings.Cut(wanted, "=")
		if slices.ContainsFunc(packages, func(p Package) bool { return p.Name == name && (!pinned || p.Version == version) }) {
			taken = append(taken, wanted)
		}
	}
	return taken
}

// bareName is the name in NAME or NAME=VERSION.
func bareName(asked string) string {
	name, _, _ := strings.Cut(asked, "=")
	return name
}
