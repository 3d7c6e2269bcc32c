package plan

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// sources are the profile's repositories, or the distribution's suite with updates and security.
func sources(profile *v1alpha1.NodeProfile) ([]Source, error) {
	spec := profile.Spec
	repos := spec.Software.Repos
	if _, known := archiveKeyrings[spec.Distribution]; !known {
		// The documents' own check says what is wrong with it.
		return nil, nil
	}
	if len(repos) == 0 {
		if repos = document.DefaultRepositories(spec.Distribution, spec.Suite); len(repos) == 0 {
			return nil, &mistake.Mistake{
				Field: "spec.software.repos",
				Problem: fmt.Sprintf("%s has no built-in archive: list its suites here (name, source, suite, components)",
					spec.Distribution),
			}
		}
	}
	var (
		all      []Source
		mistakes *multierror.Error
	)
	for i, r := range repos {
		uri, mirrored := strings.TrimRight(r.Source, "/"), false
		if uri == "" {
			uri, mirrored = aliasFor(spec.Distribution, r.Suite), true
		}
		if uri == "" {
			mistakes = multierror.Append(mistakes, &mistake.Mistake{
				Field:   fmt.Sprintf("spec.software.repos[%d].source", i),
				Problem: fmt.Sprintf("%s has no built-in archive: give the address of %s", spec.Distribution, r.Name),
			})
		}
		if pkg := r.KeyringPkg; pkg != "" && pkg != archiveKeyrings[spec.Distribution] {
			mistakes = multierror.Append(mistakes, &mistake.Mistake{
				Field: fmt.Sprintf("spec.software.repos[%d].keyring_pkg", i),
				Problem: fmt.Sprintf("%s is not %s, which is built in: give keyring, or keyring_url with keyringFingerprint",
					pkg, archiveKeyrings[spec.Distribution]),
			})
		}
		all = append(all, Source{
			Name:       r.Name,
			URI:        uri,
			Mirrored:   mirrored,
			Suite:      r.Suite,
			Components: strings.Fields(r.Components),
			Keyring:    r.Keyring,
			KeyringURL: r.KeyringURL, KeyringFingerprint: r.KeyringFingerprint,
			Register: r.RegisterRepoWithRootfs,
		})
	}
	return all, mistakes.ErrorOrNil()
}

// archiveKeyrings are the packages with the distributions' own keys, which this plugin has too.
var archiveKeyrings = map[string]string{"debian": "debian-archive-keyring", "ubuntu": "ubuntu-keyring"}

// aliasFor is the address that an image's apt sources name where the document names none; empty
// where the distribution has no alias here.
func aliasFor(distribution, suite string) string {
	switch {
	case distribution != "debian":
		return ""
	case strings.HasSuffix(suite, "-security"):
		return repository.DebianSecurityAlias
	default:
		return repository.DebianAlias
	}
}
