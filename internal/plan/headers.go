package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

const headersPrefix = "linux-headers-"

// headersPackages are what drivers with dkms are built with: the package that kernel_headers_pkg names,
// or the one of the kernel's package, in its version where that is pinned. Debian and Ubuntu make the
// two from one source.
func headersPackages(profile *v1alpha1.NodeProfile, kernel string) ([]string, error) {
	driver := firstDKMS(profile.Spec.Drivers)
	if driver < 0 {
		return nil, nil
	}
	derived := beside(kernel, headersPrefix)
	given, _, _ := strings.Cut(profile.Spec.OSKernel.KernelHeadersPkg, "=")
	wanted, _, _ := strings.Cut(derived, "=")
	switch {
	case given == "" && derived == "":
		return nil, &mistake.Mistake{
			Field: fmt.Sprintf("spec.drivers[%d].dkms", driver),
			Problem: fmt.Sprintf("needs the headers of the kernel %s, whose package cannot be told from its name: "+
				"name it in osKernel.kernel_headers_pkg", mistake.Word(kernel)),
		}
	case given == "":
		return []string{derived}, nil
	case derived != "" && !sameHeaders(given, wanted) && strings.HasPrefix(given, headersPrefix):
		return nil, &mistake.Mistake{
			Field: "spec.osKernel.kernel_headers_pkg",
			Problem: fmt.Sprintf("%s are the headers of another kernel than %s, for which dkms builds: want %s",
				given, mistake.Word(kernel), wanted),
		}
	}
	return []string{profile.Spec.OSKernel.KernelHeadersPkg}, nil
}

// firstDKMS is the first driver with packages of dkms; -1 where none has.
func firstDKMS(drivers []v1alpha1.Driver) int {
	return slices.IndexFunc(drivers, func(d v1alpha1.Driver) bool { return len(d.DKMS) > 0 })
}

// beside is the package PREFIXflavour that is made with a kernel's package, NAME or NAME=VERSION, in its
// version where that is pinned; empty where the kernel's name does not tell its flavour.
func beside(kernel, prefix string) string {
	name, version, pinned := strings.Cut(kernel, "=")
	flavour, ok := kernelFlavour(name)
	if !ok {
		return ""
	}
	// Kernels without a signature have the headers of those with one.
	flavour = strings.TrimSuffix(strings.TrimPrefix(flavour, "unsigned-"), "-unsigned")
	if pinned {
		return prefix + flavour + "=" + version
	}
	return prefix + flavour
}

// sameHeaders says whether two packages have the same headers: Ubuntu's flavour virtual is the generic
// kernel with fewer modules.
func sameHeaders(a, b string) bool {
	generic := func(name string) string {
		return strings.Replace(name, headersPrefix+"virtual", headersPrefix+"generic", 1)
	}
	return generic(a) == generic(b)
}
