package plan

import (
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// signedPackages are those that a form with Secure Boot needs beside a signed kernel, by Debian's and Ubuntu's
// names.
func signedPackages(profile *v1alpha1.NodeProfile, form Form) []string {
	if form.action() == v1alpha1.ActionBuildRoot {
		return nil
	}
	return signedLoaders(profile)
}

// signedLoaders are the packages of a profile's signed boot loaders.
func signedLoaders(profile *v1alpha1.NodeProfile) []string {
	if !profile.Spec.OSKernel.SecureBoot {
		return nil
	}
	return []string{"shim-signed", "grub-efi-" + profile.Spec.Architecture + "-signed"}
}

// checkSecureBoot finds what a profile has that Secure Boot does not start.
func checkSecureBoot(profile *v1alpha1.NodeProfile, form Form, disk Disk) error {
	if !profile.Spec.OSKernel.SecureBoot {
		return nil
	}
	var mistakes *multierror.Error
	kernel := bareName(kernelPackage(profile, askedPackages(profile)))
	if unsigned(kernel) {
		mistakes = multierror.Append(mistakes, &mistake.Mistake{
			Field: PackageField(profile, kernel),
			Problem: mistake.Word(kernel) + " is a kernel without a signature, which osKernel.secureBoot does not start: " +
				"take the distribution's signed one, such as " + usualKernel(profile) + ", or leave secureBoot out",
		})
	}
	// A disk without partitions is one whose layout has mistakes of its own.
	if _, uefi := disk.ESP(); !uefi && len(disk.Partitions) > 0 && form.action() == v1alpha1.ActionBuildQcow2 {
		mistakes = multierror.Append(mistakes, &mistake.Mistake{
			Field: "spec.osKernel.secureBoot",
			Problem: "Secure Boot is UEFI's, which the disk cannot boot by: " +
				"add a vfat partition with the flag esp, mounted at /boot/efi, to storage.partitions",
		})
	}
	return mistakes.ErrorOrNil()
}

// unsigned tells the kernels that their names show to have no signature: Debian's and Ubuntu's packages that
// the signed ones are made from, and Ubuntu's for boards without Secure Boot. The assembly looks at what the
// image really has.
func unsigned(kernel string) bool {
	flavour, ok := kernelFlavour(kernel)
	return ok && (strings.HasPrefix(flavour, "unsigned-") || strings.HasSuffix(flavour, "-unsigned") ||
		strings.HasPrefix(flavour, "raspi"))
}
