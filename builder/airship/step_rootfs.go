package airship

import (
	"context"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// makeRootFS installs the plan's packages and writes the builder's own files.
func makeRootFS(ctx context.Context, b *build, _ multistep.StateBag) error {
	install := func(ctx context.Context) error { return bootstrap(ctx, b) }
	// A base lies there already; nothing else does, unless this step is tried again.
	if b.plan.RootFS.Base == nil {
		if err := rootfs.Clear(ctx, b.machine); err != nil {
			return err
		}
	}
	var err error
	if b.reusesStages() {
		err = rootfs.Reuse(ctx, b.machine, b.plan, b.cache.Dir, b.say, install)
	} else {
		err = install(ctx)
	}
	if err != nil {
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
