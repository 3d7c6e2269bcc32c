package airship

import (
	"context"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// makeRootFS installs the plan's packages and writes the builder's own files.
func makeRootFS(ctx context.Context, b *build, _ multistep.StateBag) error {
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
	if err := rootfs.Bootstrap(ctx, b.machine, b.plan, locked.URI(b.machine.Gateway()), b.say); err != nil {
		return err
	}
	return rootfs.Configure(ctx, b.machine, b.plan)
}
