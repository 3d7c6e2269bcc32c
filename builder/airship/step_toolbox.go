package airship

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

// prepareToolbox makes sure that the tools are there: those of the lock file, or the newest.
func prepareToolbox(ctx context.Context, b *build, _ multistep.StateBag) error {
	lock, err := readLockFile(b.config.LockFile)
	if err != nil {
		return err
	}
	if b.debian, err = b.chooseMirrors(repository.Debian); err != nil {
		return err
	}
	options := toolbox.Options{
		CacheDir:     b.cache,
		Architecture: runtime.GOARCH,
		Mirror:       b.debian.Main,
		Store:        b.store,
		Fetcher:      b.fetcher,
		Progress:     b.say,
	}
	if lock != nil {
		options.Pin = &lock.Toolbox
		b.lock = lock.Lock
	}
	options.Owner, options.Inside = toolbox.Mapped(b.mapping)
	if b.toolbox, err = toolbox.Ensure(ctx, options); err != nil {
		return fmt.Errorf("prepare the tools: %w", err)
	}
	return nil
}

// chooseMirrors decides where a distribution is fetched from.
func (b *build) chooseMirrors(distribution string) (repository.Mirrors, error) {
	host := repository.HostMirrors(os.DirFS("/"), distribution)
	if b.config.SecurityMirror != "" {
		host.Security = b.config.SecurityMirror
	}
	return repository.ChooseMirrors(distribution, b.config.Mirror, os.Getenv(repository.MirrorVariable), host)
}
