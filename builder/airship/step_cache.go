package airship

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
	"github.com/airshipit/packer-plugin-airship/internal/work"
)

// openCache finds out what this host allows and opens the cache, which all builds share.
func openCache(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	if b.mapping, err = userns.Detect(ctx); err != nil {
		return err
	}
	b.ui.Say("Building in a user namespace of this host")
	if b.cache, err = packersdk.CachePath("airship"); err != nil {
		return fmt.Errorf("the cache: %w", err)
	}
	if b.work, err = work.New(ctx, b.cache, b.mapping.Remove, b.say); err != nil {
		return err
	}
	if b.store, err = store.Open(filepath.Join(b.cache, "store")); err != nil {
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

func closeCache(ctx context.Context, b *build) error {
	if b.fetcher != nil {
		b.fetcher.Close()
	}
	if b.work == nil {
		return nil
	}
	return b.work.Remove(ctx)
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
