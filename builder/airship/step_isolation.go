package airship

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
	"github.com/airshipit/packer-plugin-airship/internal/work"
)

// chooseIsolation decides which kind of machine the build runs in.
func chooseIsolation(ctx context.Context, b *build, _ multistep.StateBag) error {
	lock, err := readLockFile(b.config.LockFile)
	if err != nil {
		return err
	}
	b.toolboxOptions = toolbox.Options{
		CacheDir:     b.cache,
		Architecture: b.profile.NodeProfile.Spec.Architecture,
		Mirror:       b.debian.Main,
		Store:        b.store,
		Fetcher:      b.fetcher,
		Progress:     b.say,
	}
	if lock != nil {
		b.toolboxOptions.Pin = &lock.Toolbox
		b.lock = lock.Lock
	}
	b.isolation, err = isolation.Choose(ctx, isolation.Options{
		Want:         b.config.Isolation,
		Architecture: b.toolboxOptions.Architecture,
		Accelerator:  b.config.Accelerator,
		Memory:       b.config.Memory << 20,
		Kernel:       b.kernel,
		CacheDir:     b.qemuCache(),
		Log:          b.say,
	})
	if err != nil {
		return err
	}
	b.ui.Say(b.isolation.String())
	return nil
}

// kernel is the toolbox's.
func (b *build) kernel(ctx context.Context) (string, error) {
	return toolbox.EnsureKernel(ctx, b.toolboxOptions)
}

// qemuCache is where it is remembered how QEMU runs on this host.
func (b *build) qemuCache() string { return filepath.Join(b.cache, "qemu") }

// openWork makes the build's own directory, and removes those of builds that are gone.
func openWork(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	b.work, err = work.New(ctx, b.cache, b.isolation.Remove, b.say)
	return err
}

func closeWork(ctx context.Context, b *build) error {
	if b.work == nil {
		return nil
	}
	return b.work.Remove(ctx)
}
