package toolbox

import (
	"context"
	"fmt"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// resolve asks the mirror for the suite's packages and pins what the package list needs.
func resolve(ctx context.Context, o Options) (Pin, error) {
	names, err := Packages(o.Suite, o.Architecture)
	if err != nil {
		return Pin{}, err
	}
	release, err := repository.Update(ctx, o.Fetcher, o.Store, repository.Source{
		Name: "toolbox", URI: o.Mirror, Suite: o.Suite, Components: []string{"main"},
		Keyring: o.Keyring, Distribution: repository.Debian,
	}, o.Architecture)
	if err != nil {
		return Pin{}, err
	}
	index, err := repository.NewIndex(release)
	if err != nil {
		return Pin{}, err
	}
	packages, err := repository.Closure(index, names)
	if err != nil {
		return Pin{}, fmt.Errorf("toolbox of %s: %w", o.Suite, err)
	}
	pin := Pin{Suite: o.Suite, Date: release.Date.UTC(), Architecture: o.Architecture}
	for _, p := range packages {
		pin.Packages = append(pin.Packages, PinnedPackage{
			Name: p.Name, Version: p.Version, Architecture: p.Architecture,
			Filename: p.Filename, Size: p.Size, SHA256: p.SHA256,
		})
	}
	return pin, pin.Check()
}
