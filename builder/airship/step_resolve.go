package airship

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/resolution"
	"github.com/airshipit/packer-plugin-airship/version"
)

// resolvePackages makes the lock, where no lock file gave one, and from it the plan.
func resolvePackages(ctx context.Context, b *build, _ multistep.StateBag) error {
	request, err := plan.Ask(&b.profile.NodeProfile, b.form())
	if err != nil {
		return b.profile.Locate(err)
	}
	if b.mirrors, err = b.cache.MirrorsOf(request); err != nil {
		return err
	}
	if b.server == nil {
		if b.server, err = repository.NewServer(); err != nil {
			return err
		}
	}
	if b.lock.Format == 0 {
		if err := b.resolve(ctx, request); err != nil {
			return err
		}
	}
	if err := b.makePlan(); err != nil {
		return err
	}
	if err := b.canWatch(ctx); err != nil {
		return err
	}
	b.say("%d packages", len(b.lock.Packages))
	if taken := request.Taken(b.lock.Packages); len(taken) > 0 {
		b.say("for the platform %s: %s", request.Target.Platform, strings.Join(taken, ", "))
	}
	for _, s := range b.lock.Suites {
		b.say("%s as of %s", s.Suite, s.Date.Format("2006-01-02"))
	}
	return nil
}

// resolve makes the lock, and the lock file where one is asked for.
func (b *build) resolve(ctx context.Context, request plan.Request) error {
	toolbox, err := b.tools.Pin.Digest()
	if err != nil {
		return err
	}
	b.lock, err = resolution.Resolve(ctx, resolution.Options{
		Cache: b.cache, Machine: b.machine, Server: b.server, Toolbox: toolbox, Base: b.described,
	}, request)
	if err != nil {
		return resolution.Locate(b.profile, err)
	}
	if b.config.LockFile == "" {
		return nil
	}
	return writeLockFile(b.config.LockFile, lockFile{Lock: b.lock, Toolbox: b.tools.Pin})
}

// makePlan makes the plan from the lock.
func (b *build) makePlan() error {
	variables, err := osconfig.PlanVariables(b.profile)
	if err != nil {
		return err
	}
	b.plan, err = plan.New(&b.profile.NodeProfile, b.lock, b.options(variables))
	if err != nil && b.config.LockFile != "" {
		return fmt.Errorf("lock file %s: %w", b.config.LockFile, err)
	}
	return b.profile.Locate(err)
}

// options are the plan's.
func (b *build) options(variables map[string]any) plan.Options {
	return plan.Options{
		Plugin: version.Version, Packer: b.config.PackerCoreVersion, Toolbox: b.tools.Digest, Form: b.form(), Variables: variables,
	}
}

func closeServer(_ context.Context, b *build) error {
	if b.server == nil {
		return nil
	}
	return b.server.Close()
}
