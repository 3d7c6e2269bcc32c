package plan

import (
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Base is a root filesystem that a build starts from.
type Base struct {
	// Digest of its archive, or of its image's manifest: sha256: and hex.
	Digest string `json:"digest"`
	// Installed is what its packages say that they take, in bytes.
	Installed int64 `json:"installed,omitempty"`
	// Filesystems that its kernels can mount, sorted; none where it has no kernel. Boot is what they take in /boot, bytes.
	Filesystems []string `json:"filesystems,omitempty"`
	Boot        int64    `json:"boot,omitempty"`
	// Packages that it has, sorted by name.
	Packages []BasePackage `json:"packages"`
}

// BasePackage is a package of a base.
type BasePackage struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
}

// Has says whether a base, which may be nil, has a package.
func (b *Base) Has(name string) bool {
	return b != nil && slices.ContainsFunc(b.Packages, func(p BasePackage) bool { return p.Name == name })
}

// HasVersion says whether a base has a package in a version.
func (b *Base) HasVersion(name, version string) bool {
	return b != nil && slices.ContainsFunc(b.Packages, func(p BasePackage) bool { return p.Name == name && p.Version == version })
}

// Check refuses a base that has what a profile does not approve of. The error is a *multierror.Error of
// *mistake.Mistake.
func (b *Base) Check(profile *v1alpha1.NodeProfile) error {
	var mistakes *multierror.Error
	for i, name := range profile.Spec.Software.UnapprovedPackages {
		if b.Has(name) {
			mistakes = multierror.Append(mistakes, &mistake.Mistake{
				Field: fmt.Sprintf("spec.software.unapproved_packages[%d]", i), Problem: "the base has " + name + ": make it without",
			})
		}
	}
	return mistakes.ErrorOrNil()
}
