package airship

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// makeRootFS installs the plan's packages and writes the builder's own files.
func makeRootFS(ctx context.Context, b *build, _ multistep.StateBag) error {
	if !b.reusesStages() {
		if err := bootstrap(ctx, b); err != nil {
			return err
		}
		return rootfs.Configure(ctx, b.machine, b.plan)
	}
	if err := b.reuseOrBootstrap(ctx); err != nil {
		return err
	}
	return rootfs.Configure(ctx, b.machine, b.plan)
}

// reusesStages says whether the tree of the packages is taken from the cache, and kept there. With a base the target is no longer
// empty. Under software emulation it takes as long to move a tree in and out as to make it.
func (b *build) reusesStages() bool {
	if b.plan.RootFS.Base != nil {
		return false
	}
	if b.config.ReuseStages != nil {
		return *b.config.ReuseStages
	}
	return b.isolation.Kind == isolation.Namespace || b.isolation.Accelerator.Name != qemu.TCG
}

// reuseOrBootstrap takes the tree of the packages from the cache, or makes it and keeps it there.
func (b *build) reuseOrBootstrap(ctx context.Context) (err error) {
	stage, err := rootfs.OpenStage(ctx, b.cache.Dir, b.plan, b.say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	found, err := stage.Restore(ctx, b.machine)
	if err != nil {
		return err
	}
	if found {
		b.say("an earlier build installed the same packages: its tree is taken")
		return nil
	}
	if err := bootstrap(ctx, b); err != nil {
		return err
	}
	began := time.Now()
	if err := stage.Keep(ctx, b.machine); err != nil {
		if ctx.Err() == nil {
			b.say("%v; the build goes on without", err)
		}
		return context.Cause(ctx)
	}
	b.say("kept for later builds with the same packages, %.1f s", time.Since(began).Seconds())
	return nil
}

func bootstrap(ctx context.Context, b *build) error {
	packages := make([]repository.Locked, 0, len(b.plan.RootFS.Packages))
	for _, p := range b.plan.RootFS.Packages {
		packages = append(packages, repository.Locked{
			Name: p.Name, Version: p.Version, Architecture: p.Architecture, Size: p.Size, SHA256: p.SHA256,
		})
	}
	locked, err := b.server.AddLocked(ctx, b.cache.Store, packages, time.Unix(b.plan.Epoch, 0))
	if err != nil {
		return err
	}
	return rootfs.Bootstrap(ctx, b.machine, b.plan, locked.URI(b.machine.Gateway()), b.say)
}
