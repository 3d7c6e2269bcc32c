package rootfs

import (
	"context"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// MissingError says that no source has a package, or not in the version asked for.
type MissingError struct {
	Package string // its name
	Reason  string // and what there is instead
}

func (e *MissingError) Error() string { return e.Package + ": " + e.Reason }

// Lock has apt resolve the request against the verified releases, which stand in the order of the
// request's sources. server shows the machine what of them can matter for the request: reading all
// of them would take apt longer than everything else here, and many times as long in a machine
// that is emulated. toolbox is the toolbox's digest.
// The error is a *multierror.Error of *MissingError where packages do not exist.
func Lock(ctx context.Context, m machine.Machine, r plan.Request, releases []*repository.Release, server *repository.Server, toolbox string) (plan.Lock, error) {
	index, err := repository.NewIndex(releases...)
	if err != nil {
		return plan.Lock{}, err
	}
	mirrors := Mirrors{}
	lock := plan.Lock{Format: plan.LockFormat, Request: r.Digest(), Toolbox: toolbox}
	narrowed := index.Narrow(r.Include)
	for i, release := range releases {
		source := r.Sources[i]
		mirrors[source.Name] = server.AddNarrowed(narrowed[i]).URI(m.Gateway())
		lock.Suites = append(lock.Suites, plan.LockedSuite{
			Source: source.Name, Suite: source.Suite, Date: release.Date.UTC(), InRelease: release.SHA256,
			Keyring: fetchedKeyring(source, release),
		})
	}
	lock.Packages, err = Resolve(ctx, m, r, mirrors)
	// apt says which package it cannot find; what would be right takes the indices. It may also take
	// a name for something else: NAME- removes, NAME+ and a regular expression install others.
	if ctx.Err() == nil && (err != nil || !holdsAll(lock.Packages, r.Include)) {
		if missing := findMissing(r, index); missing != nil {
			return plan.Lock{}, missing
		}
	}
	return lock, err
}

// holdsAll says whether every package that was asked for is among the packages.
func holdsAll(packages []plan.Package, asked []string) bool {
	names := map[string]bool{}
	for _, p := range packages {
		names[p.Name] = true
	}
	for _, a := range asked {
		if name, _, _ := strings.Cut(a, "="); !names[name] {
			return false
		}
	}
	return true
}

// fetchedKeyring is the key that came from the source's KeyringURL; empty where the document has it.
func fetchedKeyring(source plan.Source, release *repository.Release) string {
	if source.KeyringURL == "" {
		return ""
	}
	return string(release.Source.Keyring)
}

// findMissing looks for every package of the request; nil where all exist.
func findMissing(r plan.Request, index *repository.Index) error {
	var all *multierror.Error
	for _, asked := range r.Include {
		reason, err := index.WhyNot(asked)
		if err != nil {
			return err
		}
		if reason != "" {
			name, _, _ := strings.Cut(asked, "=")
			all = multierror.Append(all, &MissingError{Package: name, Reason: reason})
		}
	}
	return all.ErrorOrNil()
}
