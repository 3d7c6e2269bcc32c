package document

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	suiteName      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._/-]*$`)
	component      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._/-]*$`)
	fingerprint    = regexp.MustCompile(`^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$`)
)

func (c *checker) repository(field string, repo *v1alpha1.Repository) {
	if !repositoryName.MatchString(repo.Name) {
		c.wrong(field+".name", "%s is not a repository name; want letters, digits, ., _ and -", mistake.Word(repo.Name))
	}
	c.archive(field+".source", repo.Source, "http", "https", "file")
	c.suite(field, repo)
	if pkg := repo.KeyringPkg; pkg != "" && !packageName.MatchString(pkg) {
		c.packageName(field+".keyring_pkg", pkg)
	}
	c.archive(field+".keyring_url", repo.KeyringURL, "https", "http", "file")
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
	case repo.Suite != "/" && (!suiteName.MatchString(repo.Suite) || strings.Contains(repo.Suite, "..")):
		c.wrong(field+".suite", "%s is not a suite; want a code name such as bookworm-updates, or / for a flat repository", mistake.Word(repo.Suite))
	case flat && len(components) > 0:
		c.wrong(field+".components", "a flat repository (suite %s) has no components", repo.Suite)
	case !flat && len(components) == 0:
		c.wrong(field+".suite", "%s needs components, such as main; only a flat repository, whose suite ends with /, has none", repo.Suite)
	}
	for _, name := range components {
		if !component.MatchString(name) {
			c.wrong(field+".components", "%s is not a component; want names separated by spaces", mistake.Word(name))
		}
	}
}

// archive checks the URL of a repository or its key. Its text is not repeated where it may hold a password.
func (c *checker) archive(field, text string, schemes ...string) {
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
		c.wrong(field, "%s is not an address; want a URL with %s", mistake.Word(text), strings.Join(schemes, ", "))
	case address.Scheme != "file" && address.Host == "", address.Scheme == "file" && !strings.HasPrefix(address.Path, "/"):
		c.wrong(field, "%s is not a whole URL, such as %s", mistake.Word(text), example(address.Scheme))
	case address.RawQuery != "" || address.Fragment != "":
		c.wrong(field, "has a query or a fragment; want a plain address")
	}
}

func example(scheme string) string {
	if scheme == "file" {
		return "file:///srv/mirror"
	}
	return scheme + "://deb.example.org/debian"
}
