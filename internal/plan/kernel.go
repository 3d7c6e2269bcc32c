package plan

import (
	"regexp"
	"strings"
)

const imagePrefix = "linux-image-"

// ubuntuKernel are Ubuntu's packages that stand for a kernel with its modules and headers: linux-generic,
// linux-virtual-hwe-22.04, linux-azure-lts-22.04, linux-gcp-6.8, linux-generic-64k-hwe-24.04-edge.
var ubuntuKernel = regexp.MustCompile(`^linux-((?:generic|virtual|lowlatency|azure|gcp|aws|oracle|ibm|kvm|gke|gkeop|oem|raspi)` +
	`(?:-64k)?(?:-fde)?(?:-hwe|-lts)?(?:-[0-9]+\.[0-9]+[a-z]?)?(?:-edge)?)$`)

// kernelFlavour is what follows linux-image- in the name of a kernel's package, or linux- in that of Ubuntu's
// for all of a kernel; false for other packages.
func kernelFlavour(name string) (string, bool) {
	if flavour, ok := strings.CutPrefix(name, imagePrefix); ok {
		return flavour, true
	}
	if m := ubuntuKernel.FindStringSubmatch(name); m != nil {
		return m[1], true
	}
	return "", false
}

// isKernel says whether a package that is asked for, NAME or NAME=VERSION, brings a kernel.
func isKernel(asked string) bool {
	_, ok := kernelFlavour(bareName(asked))
	return ok
}
