package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// PackageField is the field of a resolved profile that asks for a package; empty where none does,
// as for those that every image gets.
func PackageField(profile *v1alpha1.NodeProfile, name string) string {
	software := profile.Spec.Software
	lists := []packageList{
		{"spec.software.packages", software.Packages},
		{"spec.software.ubuntu_packages", software.UbuntuPackages},
	}
	for i, r := range software.Repos {
		lists = append(lists, packageList{fmt.Sprintf("spec.software.repos[%d].packages", i), r.Packages})
	}
	for i, d := range profile.Spec.Drivers {
		field := fmt.Sprintf("spec.drivers[%d].", i)
		lists = append(lists,
			packageList{field + "packages", d.Packages},
			packageList{field + "dkms", d.DKMS},
			packageList{field + "firmware", d.Firmware})
	}
	for _, list := range lists {
		for i, p := range list.names {
			if asked, _, _ := strings.Cut(p, "="); asked == name {
				return fmt.Sprintf("%s[%d]", list.field, i)
			}
		}
	}
	if kernel, _, _ := strings.Cut(profile.Spec.OSKernel.KernelBasePkg, "="); kernel == name {
		return "spec.osKernel.kernel_base_pkg"
	}
	if slices.Contains(signedLoaders(profile), name) {
		return "spec.osKernel.secureBoot"
	}
	if i := firstDKMS(profile.Spec.Drivers); i >= 0 && strings.HasPrefix(name, headersPrefix) {
		return fmt.Sprintf("spec.drivers[%d].dkms", i)
	}
	return ""
}

type packageList struct {
	field string
	names []string
}
