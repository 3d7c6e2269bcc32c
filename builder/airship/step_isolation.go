package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/resolution"
)

// chooseIsolation decides which kind of machine the build runs in.
func chooseIsolation(ctx context.Context, b *build, _ multistep.StateBag) error {
	lock, err := readLockFile(b.config.LockFile)
	if err != nil {
		return err
	}
	b.wants = resolution.Wants{
		Isolation: b.config.Isolation, Accelerator: b.config.Accelerator,
		Architecture: b.profile.NodeProfile.Spec.Architecture,
		Memory:       b.config.Memory << 20, CPUs: b.config.CPUs,
	}
	if lock != nil {
		b.wants.Pin, b.lock = &lock.Toolbox, lock.Lock
	}
	if b.isolation, err = b.cache.Choose(ctx, b.wants); err != nil {
		return err
	}
	b.ui.Say("Building in " + b.isolation.String())
	return nil
}

// kernel is the tools'.
func (b *build) kernel(ctx context.Context) (string, error) { return b.cache.Kernel(ctx, b.wants) }

// openWork makes the build's own directory, and removes those of builds that are gone.
func openWork(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	b.work, err = b.cache.Work(ctx, b.isolation)
	return err
}

func closeWork(ctx context.Context, b *build) error {
	if b.work == nil {
		return nil
	}
	return b.work.Remove(ctx)
}
