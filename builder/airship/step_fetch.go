package airship

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/resolution"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// fetchPackages brings the plan's packages into the store.
func fetchPackages(ctx context.Context, b *build, _ multistep.StateBag) error {
	uris := map[string]string{}
	for _, s := range b.plan.RootFS.Sources {
		uris[s.Name] = resolution.URI(s, b.mirrors)
	}
	items := make([]store.Item, 0, len(b.plan.RootFS.Packages))
	for _, p := range b.plan.RootFS.Packages {
		items = append(items, store.Item{
			Name: p.Name + " " + p.Version, URL: repository.Source{URI: uris[p.Source]}.URL(p.Filename), SHA256: p.SHA256, Size: p.Size,
		})
	}
	err := b.cache.Fetcher.Fetch(ctx, items)
	if err == nil {
		// What is wrong with the layout is told before the long work.
		return b.profile.Locate(rootfs.CheckPackages(ctx, b.plan, b.cache.Store.Path))
	}
	var status *store.StatusError
	if errors.As(err, &status) && status.Code == http.StatusNotFound && b.config.LockFile != "" {
		return fmt.Errorf("%w\nthe mirror no longer has what %s names: delete that file to resolve the packages anew",
			err, b.config.LockFile)
	}
	return err
}
