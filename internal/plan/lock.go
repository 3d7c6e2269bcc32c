package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/hashicorp/go-multierror"
)

// LockFormat is the version of the lock's JSON.
const LockFormat = 1

// Lock is what the world answered to a Request. With a lock file the same answer is used again.
type Lock struct {
	Format int `json:"format"`
	// Request is the digest of the Request that was answered.
	Request string `json:"request"`
	// Suites are the repositories as they were, in the request's order.
	Suites []LockedSuite `json:"suites"`
	// Base is what the packages are added to; nil: nothing.
	Base *Base `json:"base,omitempty"`
	// Packages are all that are installed, sorted by name.
	Packages []Package `json:"packages"`
	// Toolbox is the digest of the toolbox's pinned packages.
	Toolbox string `json:"toolbox"`
}

// LockedSuite is one repository at the time of the lock.
type LockedSuite struct {
	Source    string    `json:"source"` // the Source's name
	Suite     string    `json:"suite"`
	Date      time.Time `json:"date"`      // InRelease's Date field, UTC
	InRelease string    `json:"inRelease"` // SHA-256, hex
	// Keyring is the armoured key block that the source's KeyringURL gave.
	Keyring string `json:"keyring,omitempty"`
}

// Check says whether the lock answers r.
func (l Lock) Check(r Request) error {
	if l.Format != LockFormat {
		return fmt.Errorf("the lock has format %d, this version reads format %d: delete it to resolve the packages anew", l.Format, LockFormat)
	}
	if (l.Base != nil) != (r.Base != "") || l.Base != nil && l.Base.Digest != r.Base {
		return fmt.Errorf("the lock was made for another base: delete it to resolve the packages anew")
	}
	if want := r.Digest(); l.Request != want {
		return fmt.Errorf("the lock was made for other packages or repositories than the profile now asks for: delete it to resolve them anew")
	}
	if len(l.Suites) != len(r.Sources) {
		return fmt.Errorf("the lock names %d suites, the profile has %d: delete it to resolve the packages anew", len(l.Suites), len(r.Sources))
	}
	var mistakes *multierror.Error
	sources := map[string]bool{}
	for i, s := range r.Sources {
		sources[s.Name] = true
		if l.Suites[i].Source != s.Name || l.Suites[i].Suite != s.Suite {
			mistakes = multierror.Append(mistakes, &mistake.Mistake{
				Field:   fmt.Sprintf("suites[%d]", i),
				Problem: fmt.Sprintf("want %s of %s, as in the profile", s.Suite, s.Name),
			})
		}
	}
	for i, p := range l.Packages {
		field := fmt.Sprintf("packages[%d]", i)
		switch {
		case p.Name == "" || p.Version == "" || p.Architecture == "" || p.Filename == "":
			mistakes = multierror.Append(mistakes, &mistake.Mistake{Field: field, Problem: "name, version, architecture and filename must be given"})
		case len(p.SHA256) != 64 || p.Size <= 0:
			mistakes = multierror.Append(mistakes, &mistake.Mistake{Field: field, Problem: fmt.Sprintf("%s has no size or SHA-256", p.Name)})
		case !sources[p.Source]:
			mistakes = multierror.Append(mistakes, &mistake.Mistake{Field: field, Problem: fmt.Sprintf("%s comes from %q, which is not one of the profile's repositories", p.Name, p.Source)})
		}
	}
	return mistakes.ErrorOrNil()
}

// withKeyrings gives sources the keys that were fetched for them.
func (l Lock) withKeyrings(sources []Source) []Source {
	sources = slices.Clone(sources)
	for i := range sources {
		for _, s := range l.Suites {
			if s.Source == sources[i].Name && s.Keyring != "" {
				sources[i].Keyring = s.Keyring
			}
		}
	}
	return sources
}

// epoch is the base suite's date: updates and security are signed anew daily, it is not.
func (l Lock) epoch(suite string) (int64, error) {
	for _, s := range l.Suites {
		if s.Suite == suite {
			return s.Date.Unix(), nil
		}
	}
	if len(l.Suites) > 0 {
		return l.Suites[0].Date.Unix(), nil
	}
	return 0, fmt.Errorf("the lock names no suite")
}
