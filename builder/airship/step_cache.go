package airship

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// openCache opens the cache, which all builds share.
func openCache(_ context.Context, b *build, _ multistep.StateBag) (err error) {
	if b.cache, err = packersdk.CachePath("airship"); err != nil {
		return fmt.Errorf("the cache: %w", err)
	}
	if b.store, err = store.Open(filepath.Join(b.cache, "store")); err != nil {
		return err
	}
	if b.debian, err = b.chooseMirrors(repository.Debian); err != nil {
		return err
	}
	b.fetcher, err = store.NewFetcher(b.store, store.Options{
		Proxies:  store.ProxiesFrom(os.Getenv),
		CABundle: b.config.CABundle,
		Progress: b.downloaded,
		Log:      b.say,
	})
	return err
}

func closeCache(_ context.Context, b *build) error {
	if b.fetcher != nil {
		b.fetcher.Close()
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

// smallDownload in bytes: what is done in no time needs no line.
const smallDownload = 20e6

// downloaded says how far a download is.
func (b *build) downloaded(p store.Progress) {
	if p.BytesTotal < smallDownload {
		return
	}
	b.say("%d of %d files, %d of %d MB", p.FilesDone, p.FilesTotal, p.BytesDone/1e6, p.BytesTotal/1e6)
}
