package document

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

var (
	// Debian Policy, section 5.6.1 and 5.6.12.
	packageName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	packageVersion = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~:-]*$`)
)

// unapproved are the packages that must not be installed.
func (c *checker) unapproved(names []string) map[string]bool {
	unapproved := map[string]bool{}
	for i, name := range names {
		if packageName.MatchString(name) {
			unapproved[name] = true
			continue
		}
		c.packageName(fmt.Sprintf("spec.software.unapproved_packages[%d]", i), name)
	}
	return unapproved
}

func (c *checker) software(software *v1alpha1.Software, asked wishes) {
	c.packages("spec.software.packages", software.Packages, asked)
	c.packages("spec.software.ubuntu_packages", software.UbuntuPackages, asked)
	if v := software.K8sVersion; v != "" && !packageVersion.MatchString(v) {
		c.wrong("spec.software.k8s_version", "%s is not a package version, such as 1.18.6-00", mistake.Word(v))
	}
	seen := map[string]bool{}
	for i := range software.Repos {
		repo, field := &software.Repos[i], fmt.Sprintf("spec.software.repos[%d]", i)
		if seen[repo.Name] {
			c.wrong(field+".name", "another repository is named %s; names are unique", mistake.Word(repo.Name))
		}
		seen[repo.Name] = repo.Name != ""
		c.repository(field, repo)
		c.packages(field+".packages", repo.Packages, asked)
	}
	c.between("spec.software.multistrap_retries", "tries", software.MultistrapRetries, 0, 100)
	c.between("spec.software.multistrap_retries_delay", "seconds", software.MultistrapRetriesDelay, 0, 3600)
	c.kubelet(software.Kubelet.ExtraSystemdArgs)
}

func (c *checker) between(field, unit string, value *int, low, high int) {
	if value != nil && (*value < low || *value > high) {
		c.wrong(field, "want %s from %d to %d; found %d", unit, low, high, *value)
	}
}

// wish is a pin and the field it was first written in.
type wish struct{ version, field string }

// wishes are the packages asked for so far and those that must not be installed.
type wishes struct {
	versions   map[string]wish
	unapproved map[string]bool
}

func newWishes(unapproved map[string]bool) wishes {
	return wishes{versions: map[string]wish{}, unapproved: unapproved}
}

// packages checks NAME and NAME=VERSION. A package may be listed more than once, since
// repositories repeat the profile's lists, but not with two versions.
func (c *checker) packages(list string, packages []string, asked wishes) {
	for i, text := range packages {
		c.onePackage(fmt.Sprintf("%s[%d]", list, i), text, asked)
	}
}

func (c *checker) onePackage(field, text string, asked wishes) {
	name, version, pinned := strings.Cut(text, "=")
	switch {
	case !packageName.MatchString(name):
		c.packageName(field, name)
		return
	case pinned && !packageVersion.MatchString(version):
		c.wrong(field, "%s is not a version of %s; want NAME=VERSION with all of the version, such as %s=1.2-3", mistake.Word(version), name, name)
		return
	case asked.unapproved[name]:
		c.wrong(field, "%s is also in unapproved_packages; it cannot be both asked for and kept out", name)
	}
	first := asked.versions[name]
	if version != "" && first.version != "" && version != first.version {
		c.wrong(field, "%s is asked for in two versions: %s here and %s in %s", name, version, first.version, first.field)
	}
	if first.version == "" {
		asked.versions[name] = wish{version: version, field: field}
	}
}

func (c *checker) packageName(field, name string) {
	hint := ""
	switch {
	case strings.ContainsAny(name, ":/"):
		hint = "; no architecture or suite can be given with it"
	case strings.ContainsAny(name, " ,"):
		hint = "; each package is an entry of its own"
	}
	c.wrong(field, "%s is not a package name; want lower-case letters, digits, +, - and .%s", mistake.Word(name), hint)
}

// warnOfRetries tells of numbers that are not heeded, where they are not the usual ones.
func (p *Profile) warnOfRetries(r *tree.Report) {
	const usual = 3
	software := &p.NodeProfile.Spec.Software
	for _, one := range []struct {
		field string
		value *int
	}{
		{"spec.software.multistrap_retries", software.MultistrapRetries},
		{"spec.software.multistrap_retries_delay", software.MultistrapRetriesDelay},
	} {
		if at, ok := p.places[one.field]; ok && one.value != nil && *one.value != usual {
			r.Warn(at, "has no effect: a download that breaks off is tried again anyway")
		}
	}
}
