package archive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/registry"
)

// BaseOptions of OpenBase.
type BaseOptions struct {
	// Architecture is chosen where an image has several, Debian's name.
	Architecture string
	// CacheDir keeps images of registries.
	CacheDir string
	// Client speaks to registries.
	Client *http.Client
	// Say takes a line of progress.
	Say func(format string, args ...any)
}

// pull brings an image into the cache.
func pull(ctx context.Context, reference string, o BaseOptions) (*Base, error) {
	repository, err := registry.Open(reference, o.Client)
	if err != nil {
		return nil, fmt.Errorf("want %sREGISTRY/REPOSITORY:TAG or @sha256:DIGEST: %w", registry.Scheme, err)
	}
	if repository.Reference.Reference == "" {
		return nil, fmt.Errorf("names no version: want %s%s:TAG or @sha256:DIGEST", registry.Scheme, reference)
	}
	found, err := oras.Resolve(ctx, repository, repository.Reference.Reference, oras.ResolveOptions{TargetPlatform: platform(o.Architecture)})
	if err != nil {
		return nil, err
	}
	directory := filepath.Join(o.CacheDir, "bases", strings.ReplaceAll(found.Digest.String(), ":", "-"))
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(directory+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := flock.Wait(ctx, lock, func() { o.Say("another build is fetching it; waiting") }); err != nil {
		return nil, err
	}
	// A blob gets its name when it is complete and its digest right; one that is there is not fetched again.
	cached, err := oci.NewWithContext(ctx, directory)
	if err != nil {
		return nil, err
	}
	digest := found.Digest.String()
	if _, err := oras.Copy(ctx, repository, digest, cached, digest, oras.DefaultCopyOptions); err != nil {
		return nil, err
	}
	base, err := openImage(ctx, cached, digest, o.Architecture)
	if err != nil {
		return nil, err
	}
	if base.Digest != digest {
		return nil, errors.New("the registry's image is another than it said")
	}
	return base, nil
}
