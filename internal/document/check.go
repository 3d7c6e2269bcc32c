package document

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

var (
	platforms     = []string{"baremetal", "vm", "azure", "gcp", "openstack"}
	architectures = []string{"amd64", "arm64"}
	suites        = map[string][]string{
		"debian": {"bookworm", "trixie"},
		"ubuntu": {"focal", "jammy", "noble"},
	}
)

// checker collects what is wrong with the meaning of a resolved profile. Fields left empty are
// not its business: whether they may be is a matter of form.
type checker struct{ mistakes []error }

func (c *checker) wrong(field, format string, args ...any) {
	c.mistakes = append(c.mistakes, &mistake.Mistake{Field: field, Problem: fmt.Sprintf(format, args...)})
}

// add takes what another room found.
func (c *checker) add(err error) { c.mistakes = append(c.mistakes, err) }

// problems reports all of them on one field.
func (c *checker) problems(field string, problems ...string) {
	for _, problem := range problems {
		if problem != "" {
			c.wrong(field, "%s", problem)
		}
	}
}

// checkMeaning is the Check of all areas.
func checkMeaning(profile *v1alpha1.NodeProfile, _ *v1alpha1.AirshipImage) error {
	c := &checker{}
	spec := &profile.Spec
	c.name(profile.Name)
	c.oneOf("spec.platform", "platform", spec.Platform, platforms)
	c.oneOf("spec.architecture", "architecture", spec.Architecture, architectures)
	c.distribution(spec.Distribution, spec.Suite)
	c.networking(&spec.Networking)
	asked := newWishes(c.unapproved(spec.Software.UnapprovedPackages))
	c.software(&spec.Software, asked)
	c.kernel(&spec.OSKernel, asked)
	c.drivers(spec.Drivers, asked)
	c.modules(spec)
	c.storage(&spec.Storage)
	c.cloudInit(&spec.CloudInit)
	c.configDrive(spec)
	c.users(spec.Users.UserManagement)
	c.units(spec.Services.Systemd)
	c.files(&spec.Files)
	c.add(variables.CheckExtraVars(spec.ExtraVars))
	return errors.Join(c.mistakes...)
}

// Lower-case RFC 1123 names joined by dots, as Kubernetes has them.
var resourceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

func (c *checker) name(name string) {
	switch {
	case name == "":
		c.wrong("metadata.name", mistake.Required+"; want a string")
	case len(name) > 253 || !resourceName.MatchString(name):
		c.wrong("metadata.name", "%s is not a valid name; want lower-case letters, digits, - and .", mistake.Word(name))
	}
}

func (c *checker) oneOf(field, noun, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		c.wrong(field, "unknown %s %s%s", noun, mistake.Word(value), mistake.Suggest(value, known))
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
		c.wrong(field, "%s needs spec.suite; known: %s", distribution, mistake.Enumerate(known))
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
	c.wrong("spec.suite", "unknown suite %s of %s%s", mistake.Word(suite), distribution, mistake.Suggest(suite, known))
}

func (c *checker) storage(storage *v1alpha1.Storage) {
	if name := storage.ImgName; strings.ContainsAny(name, `/\`) || name == "." || name == ".." || strings.ContainsFunc(name, isControl) {
		c.wrong("spec.storage.img_name", "%s is not a file name; where it goes is the builder's output directory", mistake.Word(name))
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
