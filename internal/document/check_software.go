package document

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

var (
	// Debian Policy, section 5.6.1 and 5.6.12.
	packageName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	packageVersion = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~:-]*$`)

	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	suiteName      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._/-]*$`)
	component      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._/-]*$`)
	fingerprint    = regexp.MustCompile(`^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)
)

// software checks the area software, and the kernel's package as one of those asked for.
func (c *checker) software(software *v1alpha1.Software, kernel string) {
	asked := wishes{versions: map[string]wish{}, unapproved: map[string]bool{}}
	for i, name := range software.UnapprovedPackages {
		field := fmt.Sprintf("spec.software.unapproved_packages[%d]", i)
		if !packageName.MatchString(name) {
			c.packageName(field, name)
			continue
		}
		asked.unapproved[name] = true
	}
	c.packages("spec.software.packages", software.Packages, asked)
	c.packages("spec.software.ubuntu_packages", software.UbuntuPackages, asked)
	if v := software.K8sVersion; v != "" && !packageVersion.MatchString(v) {
		c.wrong("spec.software.k8s_version", "%s is not a package version, such as 1.18.6-00", word(v))
	}
	seen := map[string]bool{}
	for i := range software.Repos {
		repo, field := &software.Repos[i], fmt.Sprintf("spec.software.repos[%d]", i)
		if seen[repo.Name] {
			c.wrong(field+".name", "another repository is named %s; names are unique", word(repo.Name))
		}
		seen[repo.Name] = repo.Name != ""
		c.repository(field, repo)
		c.packages(field+".packages", repo.Packages, asked)
	}
	if kernel != "" {
		c.onePackage("spec.osKernel.kernel_base_pkg", kernel, asked)
	}
}

// wish is a pin and the field it was first written in.
type wish struct{ version, field string }

// wishes are the packages asked for so far and those that must not be installed.
type wishes struct {
	versions   map[string]wish
	unapproved map[string]bool
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
		c.wrong(field, "%s is not a version of %s; want NAME=VERSION with all of the version, such as %s=1.2-3", word(version), name, name)
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
	c.wrong(field, "%s is not a package name; want lower-case letters, digits, +, - and .%s", word(name), hint)
}

func (c *checker) repository(field string, repo *v1alpha1.Repository) {
	if repo.Name != "" && !repositoryName.MatchString(repo.Name) {
		c.wrong(field+".name", "%s is not a repository name; want letters, digits, ., _ and -", word(repo.Name))
	}
	c.address(field+".source", repo.Source, "http", "https", "file")
	c.suite(field, repo)
	if pkg := repo.KeyringPkg; pkg != "" && !packageName.MatchString(pkg) {
		c.packageName(field+".keyring_pkg", pkg)
	}
	c.address(field+".keyring_url", repo.KeyringURL, "https", "http", "file")
	print := strings.ReplaceAll(repo.KeyringFingerprint, " ", "")
	switch {
	case print != "" && !fingerprint.MatchString(print):
		c.wrong(field+".keyringFingerprint", "want a whole OpenPGP fingerprint: 40 or 64 hexadecimal digits, found %d characters", len(print))
	case repo.KeyringURL != "" && print == "":
		c.wrong(field+".keyring_url", "needs keyringFingerprint beside it, the fingerprint of the key that is fetched")
	case repo.KeyringURL == "" && print != "":
		c.wrong(field+".keyringFingerprint", "belongs to keyring_url, which is not given")
	}
	if repo.KeyringURL != "" && repo.Keyring != "" {
		c.wrong(field+".keyring", "keyring and keyring_url are both given; want one")
	}
}

// suite checks a suite with its components, as sources.list(5) has them: a suite that ends with
// a slash is a flat repository's directory and has no components.
func (c *checker) suite(field string, repo *v1alpha1.Repository) {
	components := strings.Fields(repo.Components)
	flat := strings.HasSuffix(repo.Suite, "/")
	switch {
	case repo.Suite == "":
		return
	case repo.Suite != "/" && (!suiteName.MatchString(repo.Suite) || strings.Contains(repo.Suite, "..")):
		c.wrong(field+".suite", "%s is not a suite; want a code name such as bookworm-updates, or / for a flat repository", word(repo.Suite))
	case flat && len(components) > 0:
		c.wrong(field+".components", "a flat repository (suite %s) has no components", repo.Suite)
	case !flat && len(components) == 0:
		c.wrong(field+".suite", "%s needs components, such as main; only a flat repository, whose suite ends with /, has none", repo.Suite)
	}
	for _, name := range components {
		if !component.MatchString(name) {
			c.wrong(field+".components", "%s is not a component; want names separated by spaces", word(name))
		}
	}
}

// address checks a URL. Its text is not repeated where it may hold a password.
func (c *checker) address(field, text string, schemes ...string) {
	if text == "" {
		return
	}
	address, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || isControl(r) }):
		c.wrong(field, "is not a URL")
	case address.User != nil:
		c.wrong(field, "has a user or a password in it, which would stay in the image; use one without")
	case !slices.Contains(schemes, address.Scheme):
		c.wrong(field, "%s is not an address; want a URL with %s", word(text), strings.Join(schemes, ", "))
	case address.Scheme != "file" && address.Host == "", address.Scheme == "file" && !strings.HasPrefix(address.Path, "/"):
		c.wrong(field, "%s is not a whole URL, such as %s", word(text), example(address.Scheme))
	case address.RawQuery != "" || address.Fragment != "":
		c.wrong(field, "%s has a query or a fragment; want a plain address", word(text))
	}
}

func example(scheme string) string {
	if scheme == "file" {
		return "file:///srv/mirror"
	}
	return scheme + "://deb.example.org/debian"
}
