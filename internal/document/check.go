package document

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

var (
	platforms     = []string{"baremetal", "vm", "azure", "gcp", "openstack"}
	architectures = []string{"amd64", "arm64"}
	suites        = map[string][]string{
		"debian": {"bookworm", "trixie"},
		"ubuntu": {"focal", "jammy", "noble"},
	}
	contextNames = []string{"common", "qcow"}
)

// checker collects what is wrong with the meaning of a resolved profile. Fields left empty are
// not its business: whether they may be is a matter of form.
type checker struct{ mistakes []error }

func (c *checker) wrong(field, format string, args ...any) {
	c.mistakes = append(c.mistakes, &Mistake{Field: field, Problem: fmt.Sprintf(format, args...)})
}

func check(profile *v1alpha1.NodeProfile) error {
	c := &checker{}
	spec := &profile.Spec
	c.name(profile.Name)
	c.oneOf("spec.platform", "platform", spec.Platform, platforms)
	c.oneOf("spec.architecture", "architecture", spec.Architecture, architectures)
	c.distribution(spec.Distribution, spec.Suite)
	c.hostname(spec.Networking.Hostname)
	c.software(&spec.Software, spec.OSKernel.KernelBasePkg)
	c.kernel(&spec.OSKernel)
	c.storage(&spec.Storage)
	c.users(spec.Users.UserManagement)
	return errors.Join(c.mistakes...)
}

// Lower-case RFC 1123 names joined by dots, as Kubernetes has them.
var resourceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

func (c *checker) name(name string) {
	switch {
	case name == "":
		c.wrong("metadata.name", required+"; want a string")
	case len(name) > 253 || !resourceName.MatchString(name):
		c.wrong("metadata.name", "%s is not a valid name; want lower-case letters, digits, - and .", word(name))
	}
}

func (c *checker) oneOf(field, noun, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		c.wrong(field, "unknown %s %s%s", noun, word(value), suggest(value, known))
	}
}

// notDebian are distributions that Airship's documents ask for and that have no Debian packages.
var notDebian = []string{"rhel", "redhat", "centos", "fedora", "rocky", "almalinux", "suse", "sles", "opensuse"}

func (c *checker) distribution(distribution, suite string) {
	const field = "spec.distribution"
	known, ok := suites[distribution]
	switch {
	case slices.Contains(notDebian, strings.ToLower(distribution)):
		c.wrong(field, "%s is not supported; images are made of Debian packages: debian or ubuntu", distribution)
		return
	case !ok:
		c.oneOf(field, "distribution", distribution, slices.Sorted(maps.Keys(suites)))
		return
	case suite == "":
		c.wrong(field, "%s needs spec.suite; known: %s", distribution, enumerate(known))
		return
	case slices.Contains(known, suite):
		return
	}
	for other, names := range suites {
		if slices.Contains(names, suite) {
			c.wrong("spec.suite", "%s is a suite of %s, not of %s; set spec.distribution", suite, other, distribution)
			return
		}
	}
	c.wrong("spec.suite", "unknown suite %s of %s%s", word(suite), distribution, suggest(suite, known))
}

// A label of a host name (RFC 1123, section 2.1).
var label = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)

// maxHostname is Linux's __NEW_UTS_LEN.
const maxHostname = 64

func (c *checker) hostname(name string) {
	if name == "" {
		return
	}
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			c.wrong("spec.networking.hostname",
				"%s is not a host name; want letters, digits and - in parts of at most 63, joined by dots", word(name))
			return
		}
	}
	if len(name) > maxHostname {
		c.wrong("spec.networking.hostname", "is %d characters long; Linux takes %d", len(name), maxHostname)
	}
}

func (c *checker) storage(storage *v1alpha1.Storage) {
	if name := storage.ImgName; strings.ContainsAny(name, `/\`) || name == "." || name == ".." || strings.ContainsFunc(name, isControl) {
		c.wrong("spec.storage.img_name", "%s is not a file name; where it goes is the builder's output directory", word(name))
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
