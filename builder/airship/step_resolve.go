package airship

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// resolvePackages makes the lock, where no lock file gave one, and from it the plan.
func resolvePackages(ctx context.Context, b *build, _ multistep.StateBag) error {
	profile := &b.profile.NodeProfile
	request, err := plan.Ask(profile)
	if err != nil {
		return b.profile.Locate(err)
	}
	if b.mirrors, err = b.imageMirrors(request); err != nil {
		return err
	}
	if b.server, err = repository.NewServer(); err != nil {
		return err
	}
	if b.lock.Format == 0 {
		if err := b.resolve(ctx, request); err != nil {
			return err
		}
	}
	variables, err := osconfig.PlanVariables(b.profile)
	if err != nil {
		return err
	}
	options := b.config.options(variables)
	options.Toolbox = b.tools.Digest
	b.plan, err = plan.New(profile, b.lock, options)
	if err != nil && b.config.LockFile != "" {
		return fmt.Errorf("lock file %s: %w", b.config.LockFile, err)
	}
	if err != nil {
		return b.profile.Locate(err)
	}
	b.say("%d packages", len(b.lock.Packages))
	for _, s := range b.lock.Suites {
		b.say("%s as of %s", s.Suite, s.Date.Format("2006-01-02"))
	}
	return nil
}

// imageMirrors is where the image's packages are fetched from.
func (b *build) imageMirrors(request plan.Request) (repository.Mirrors, error) {
	for _, s := range request.Sources {
		if s.Mirrored {
			return b.chooseMirrors(request.Target.Distribution)
		}
	}
	return repository.Mirrors{}, nil
}

// uri is where a source is fetched from.
func (b *build) uri(s plan.Source) string {
	switch {
	case !s.Mirrored:
		return s.URI
	case s.URI == repository.DebianSecurityAlias:
		return b.mirrors.Security
	default:
		return b.mirrors.Main
	}
}

func (b *build) resolve(ctx context.Context, request plan.Request) error {
	releases := make([]*repository.Release, len(request.Sources))
	var updates multierror.Group
	for i, s := range request.Sources {
		updates.Go(func() error {
			keyring, err := b.keyring(ctx, s)
			if err != nil {
				return err
			}
			releases[i], err = repository.Update(ctx, b.fetcher, b.store, repository.Source{
				Name: s.Name, URI: b.uri(s), Suite: s.Suite, Components: s.Components,
				Keyring: keyring, Distribution: request.Target.Distribution,
			}, request.Target.Architecture)
			return err
		})
	}
	if err := updates.Wait().ErrorOrNil(); err != nil {
		return err
	}
	toolbox, err := b.tools.Pin.Digest()
	if err != nil {
		return err
	}
	cache := rootfs.LockCache{Dir: filepath.Join(b.cache, "locks")}
	var found bool
	if b.lock, found = cache.Get(request, releases, toolbox); !found {
		if b.lock, err = rootfs.Lock(ctx, b.machine, request, releases, b.server, toolbox); err != nil {
			return b.locateMissing(err)
		}
		if err := cache.Put(request, releases, toolbox, b.lock); err != nil {
			return err
		}
	}
	if b.config.LockFile != "" {
		return writeLockFile(b.config.LockFile, lockFile{Lock: b.lock, Toolbox: b.tools.Pin})
	}
	return nil
}

// maxKeyring bounds a keyring that is fetched, bytes.
const maxKeyring = 4 << 20

// keyring is what must have signed a source; empty for the distribution's own.
func (b *build) keyring(ctx context.Context, s plan.Source) ([]byte, error) {
	if s.KeyringURL == "" {
		return []byte(s.Keyring), nil
	}
	data, err := b.fetcher.Get(ctx, s.KeyringURL, maxKeyring)
	if err != nil {
		return nil, fmt.Errorf("source %s: fetch its keyring: %w", s.Name, err)
	}
	key, err := repository.PinnedKey(data, s.KeyringFingerprint)
	if err != nil {
		return nil, fmt.Errorf("source %s: keyring %s: %w", s.Name, s.KeyringURL, err)
	}
	return []byte(key), nil
}

// locateMissing says in which document a package that does not exist is asked for.
func (b *build) locateMissing(err error) error {
	var many *multierror.Error
	if !errors.As(err, &many) {
		return err
	}
	var located *multierror.Error
	for _, one := range many.Errors {
		var missing *rootfs.MissingError
		if !errors.As(one, &missing) {
			located = multierror.Append(located, one)
			continue
		}
		located = multierror.Append(located, &document.Mistake{
			Field:   plan.PackageField(&b.profile.NodeProfile, missing.Package),
			Problem: fmt.Sprintf("package %s: %s", missing.Package, missing.Reason),
		})
	}
	return b.profile.Locate(located.ErrorOrNil())
}

func closeServer(_ context.Context, b *build) error {
	if b.server == nil {
		return nil
	}
	return b.server.Close()
}
