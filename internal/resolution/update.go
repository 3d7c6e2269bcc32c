package resolution

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// maxKeyring bounds a keyring that is fetched, bytes.
const maxKeyring = 4 << 20

// parallelSuites bounds how many suites are fetched at a time.
const parallelSuites = 8

// suite is a source as it is fetched, for one architecture.
type suite struct {
	source       plan.Source
	uri          string
	distribution string
	architecture string
}

// key is equal for suites that are the same.
func (s suite) key() string {
	return strings.Join([]string{
		s.source.Name, s.uri, s.source.Suite, strings.Join(s.source.Components, " "), s.source.Keyring,
		s.source.KeyringURL, s.source.KeyringFingerprint, s.distribution, s.architecture,
	}, "\x00")
}

// suitesOf are a request's, in the order of its sources.
func (c *Cache) suitesOf(request plan.Request) ([]suite, error) {
	mirrors, err := c.MirrorsOf(request)
	if err != nil {
		return nil, err
	}
	all := make([]suite, len(request.Sources))
	for i, s := range request.Sources {
		all[i] = suite{s, URI(s, mirrors), request.Target.Distribution, request.Target.Architecture}
	}
	return all, nil
}

// update verifies the suites and fetches their indices, all at once and each one once.
func (c *Cache) update(ctx context.Context, all []suite) (map[string]*repository.Release, map[string]error) {
	distinct := map[string]suite{}
	for _, s := range all {
		distinct[s.key()] = s
	}
	type answer struct {
		key     string
		release *repository.Release
		err     error
	}
	answers := make(chan answer, len(distinct))
	var group errgroup.Group
	group.SetLimit(parallelSuites)
	for key, s := range distinct {
		group.Go(func() error {
			release, err := c.updateOne(ctx, s)
			answers <- answer{key, release, err}
			return nil
		})
	}
	_ = group.Wait() // each error belongs to its suite
	close(answers)
	releases, errs := map[string]*repository.Release{}, map[string]error{}
	for a := range answers {
		if a.err != nil {
			errs[a.key] = a.err
			continue
		}
		releases[a.key] = a.release
	}
	return releases, errs
}

func (c *Cache) updateOne(ctx context.Context, s suite) (*repository.Release, error) {
	keyring, err := c.keyring(ctx, s.source)
	if err != nil {
		return nil, err
	}
	return repository.Update(ctx, c.Fetcher, c.Store, repository.Source{
		Name: s.source.Name, URI: s.uri, Suite: s.source.Suite, Components: s.source.Components,
		Keyring: keyring, Distribution: s.distribution,
	}, s.architecture)
}

// keyring is what must have signed a source; empty for the distribution's own.
func (c *Cache) keyring(ctx context.Context, s plan.Source) ([]byte, error) {
	if s.KeyringURL == "" {
		return []byte(s.Keyring), nil
	}
	data, err := c.Fetcher.Get(ctx, s.KeyringURL, maxKeyring)
	if err != nil {
		return nil, fmt.Errorf("source %s: fetch its keyring: %w", s.Name, err)
	}
	key, err := repository.PinnedKey(data, s.KeyringFingerprint)
	if err != nil {
		return nil, fmt.Errorf("source %s: keyring %s: %w", s.Name, s.KeyringURL, err)
	}
	return []byte(key), nil
}

// Keyrings are a request's sources, each whose document names an address of a key with that key, fetched
// and pinned, as its Keyring. The error holds a Problem for each source whose key could not be had.
func (c *Cache) Keyrings(ctx context.Context, request plan.Request) ([]plan.Source, error) {
	sources := slices.Clone(request.Sources)
	var failed []*Problem
	for i, s := range sources {
		key, err := c.keyring(ctx, s)
		if err != nil {
			failed = append(failed, &Problem{Subject: Subject{Source: s.Name}, Text: err.Error()})
			continue
		}
		sources[i].Keyring = string(key)
	}
	if err := problems(failed); err != nil {
		return nil, ended(ctx, err)
	}
	return sources, nil
}

// question is a request with the suites that can answer it.
type question struct {
	request  plan.Request
	suites   []suite
	releases []*repository.Release
	index    *repository.Index // where the names have to be looked up
}

// take takes a question's releases out of what update gave. The error holds a Problem for each suite
// that could not be had.
func (q *question) take(releases map[string]*repository.Release, errs map[string]error) error {
	var failed []*Problem
	q.releases = nil
	for _, s := range q.suites {
		if err := errs[s.key()]; err != nil {
			failed = append(failed, &Problem{Subject: Subject{Source: s.source.Name}, Text: err.Error()})
			continue
		}
		q.releases = append(q.releases, releases[s.key()])
	}
	return problems(failed)
}
