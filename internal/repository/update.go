package repository

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// Fetcher brings files from repositories; *store.Fetcher is one.
type Fetcher interface {
	// Get fetches a small file; one that is not there is a *store.StatusError with code 404.
	Get(ctx context.Context, url string, limit int64) ([]byte, error)
	// Fetch brings items into the store, each with the hash that it says.
	Fetch(ctx context.Context, items []store.Item) error
}

// Store finds what a Fetcher has fetched; *store.Store is one.
type Store interface {
	Path(sha256 string) (string, bool)
}

const (
	// maxInRelease in bytes; Debian's largest are some 200 KiB.
	maxInRelease = 16 << 20
	// maxAhead is how far this machine's clock may be behind the archive's.
	maxAhead = time.Hour
)

// Update fetches and verifies the suite's InRelease, and those of its indices for architecture
// that the store lacks: a suite that has not changed costs one request. Errors name the source and
// the suite, and say what to do where the operator can do something.
func Update(ctx context.Context, fetcher Fetcher, files Store, source Source, architecture string) (*Release, error) {
	if err := source.Validate(); err != nil {
		return nil, err
	}
	data, err := fetchInRelease(ctx, fetcher, source)
	if err != nil {
		return nil, err
	}
	r, err := verifyRelease(data, source, time.Now())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.label(), err)
	}
	r.Architecture = architecture
	if r.Indices, err = r.chooseIndices(); err != nil {
		return nil, fmt.Errorf("%s: %w", source.label(), err)
	}
	if err := r.fetchIndices(ctx, fetcher, files); err != nil {
		return nil, fmt.Errorf("%s: %w", source.label(), err)
	}
	return r, nil
}

func fetchInRelease(ctx context.Context, fetcher Fetcher, source Source) ([]byte, error) {
	data, err := fetcher.Get(ctx, source.distsURL("InRelease"), maxInRelease)
	if err == nil {
		return data, nil
	}
	if !notFound(err) {
		return nil, fmt.Errorf("%s: fetch InRelease: %w", source.label(), err)
	}
	// Only the message depends on this second request.
	if _, err := fetcher.Get(ctx, source.distsURL("Release"), maxInRelease); err == nil {
		return nil, fmt.Errorf("%s: the repository is not signed: it has a Release file, but no InRelease; "+
			"have it signed (gpg --clearsign --output InRelease Release)", source.label())
	}
	what := fmt.Sprintf("there is no suite %s", source.Suite)
	if source.flat() {
		what = "there is no flat repository"
	}
	return nil, fmt.Errorf("%s: %s: %w; check the suite's name, and that the mirror carries it",
		source.label(), what, err)
}

func notFound(err error) bool {
	var status *store.StatusError
	return errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone)
}

// verifyRelease checks an InRelease file's signature, dates and name.
func verifyRelease(data []byte, source Source, now time.Time) (*Release, error) {
	keys, whose, err := source.keys()
	if err != nil {
		return nil, err
	}
	text, err := verifyInRelease(data, keys, now)
	if err != nil {
		return nil, fmt.Errorf("InRelease is not to be trusted by %s: %w", whose, err)
	}
	r, err := parseRelease(text)
	if err != nil {
		return nil, fmt.Errorf("read InRelease: %w", err)
	}
	r.Source = source
	r.InRelease = data
	sum := sha256.Sum256(data)
	r.SHA256 = hex.EncodeToString(sum[:])
	switch {
	case !r.ValidUntil.IsZero() && now.After(r.ValidUntil):
		return nil, fmt.Errorf("InRelease expired on %s, %s ago; the mirror is out of date (or this machine's clock ahead): use another mirror",
			r.ValidUntil.Format(time.RFC1123), now.Sub(r.ValidUntil).Round(time.Minute))
	case r.Date.After(now.Add(maxAhead)):
		return nil, fmt.Errorf("InRelease is dated %s, which lies ahead of this machine's clock: set the clock",
			r.Date.Format(time.RFC1123))
	}
	return r, r.checkName()
}

// checkName refuses another suite of the same archive: its key signs all of them. A repository
// with a keyring of its own may be named as it likes.
func (r *Release) checkName() error {
	asked := r.Source.Suite
	if len(r.Source.Keyring) > 0 || r.Source.flat() || asked == r.Codename || asked == r.Suite {
		return nil
	}
	return fmt.Errorf("the mirror has another suite in its place: InRelease is that of %s (%s)", r.Codename, r.Suite)
}

// keys are those that may sign the source, and what to call them in a message.
func (s Source) keys() (keys openpgp.EntityList, whose string, err error) {
	data, whose := s.Keyring, "the source's keyring"
	if len(data) == 0 {
		distribution := s.Distribution
		if distribution == "" {
			distribution = Debian
		}
		if data, err = ArchiveKeyring(distribution); err != nil {
			return nil, "", err
		}
		whose = distribution + "'s archive keyring (a private repository names its own keyring)"
	}
	keys, err = ReadKeyring(data)
	return keys, whose, err
}

// chooseIndices picks each component's Packages file, in the best compression that is listed.
func (r *Release) chooseIndices() ([]IndexFile, error) {
	if r.Source.flat() {
		index, found := r.listedIndex("")
		if !found {
			return nil, errors.New("InRelease lists no Packages file")
		}
		return []IndexFile{index}, nil
	}
	var all []IndexFile
	for _, component := range r.Source.Components {
		index, found := r.listedIndex(path.Join(component, "binary-"+r.Architecture))
		if !found && len(r.Components) > 0 && !slices.Contains(r.Components, component) {
			return nil, fmt.Errorf("there is no component %s; it has: %s", component, strings.Join(r.Components, " "))
		}
		apart, foundApart := r.listedIndex(path.Join(component, "binary-all"))
		// As in apt: an archive that does not name the architecture all has its packages in every index.
		foundApart = foundApart && r.allApart && slices.Contains(r.Architectures, "all")
		if !found && !foundApart {
			return nil, fmt.Errorf("component %s has no packages for the architecture %s; the suite has: %s",
				component, r.Architecture, strings.Join(r.Architectures, " "))
		}
		if found {
			all = append(all, index)
		}
		if foundApart {
			all = append(all, apart)
		}
	}
	return all, nil
}
