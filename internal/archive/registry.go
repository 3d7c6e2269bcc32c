package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	lock, err := acquire(ctx, directory, o.Say)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
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
	now := time.Now()
	if err := errors.Join(os.Chtimes(lock.Name(), now, now), forget(filepath.Dir(directory), now)); err != nil {
		o.Say("Warning: bases that nobody used for long stay in the cache: %v", err)
	}
	return base, nil
}

// acquire makes a base's directory and takes its lock.
func acquire(ctx context.Context, directory string, say func(format string, args ...any)) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(directory), 0o755); err != nil {
		return nil, err
	}
	for {
		lock, err := os.OpenFile(directory+".lock", os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := flock.Wait(ctx, lock, func() { say("another build is fetching it; waiting") }); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		// Between the open and the lock another build may have removed it.
		if flock.StillAt(lock, lock.Name()) {
			return lock, os.MkdirAll(directory, 0o755)
		}
		lock.Close()
	}
}

// baseKept is for how long a base stays in the cache that no build starts from: a tag that moves every day would fill it.
const baseKept = 30 * 24 * time.Hour

// forget removes the bases that were used last long before now.
func forget(directory string, now time.Time) (err error) {
	locks, _ := filepath.Glob(filepath.Join(directory, "*.lock")) // the pattern is right
	for _, name := range locks {
		lock, failed := os.OpenFile(name, os.O_RDWR, 0)
		if errors.Is(failed, fs.ErrNotExist) {
			continue // another build has just removed it
		}
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		info, failed := lock.Stat()
		if failed == nil && now.Sub(info.ModTime()) > baseKept && flock.Try(lock) == nil && flock.StillAt(lock, name) {
			if failed = os.RemoveAll(strings.TrimSuffix(name, ".lock")); failed == nil {
				failed = os.Remove(name)
			}
		}
		err = errors.Join(err, failed, lock.Close())
	}
	return err
}
