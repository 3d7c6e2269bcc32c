package resolution

import (
	"context"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/archive"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// CacheOptions say where a Cache lies and where it is filled from.
type CacheOptions struct {
	// Dir is the cache's root, which all builds share.
	Dir string
	// Mirror and SecurityMirror are base URLs of the distribution's archives; empty: the environment's,
	// the host's, Debian's alias.
	Mirror, SecurityMirror string
	// CABundle is a PEM file of authorities that are trusted besides the system's; may be empty.
	CABundle string
	// Say takes one line of progress; nil for none.
	Say func(format string, args ...any)
}

// Cache is what builds share, and what fetches into it.
type Cache struct {
	Dir     string
	Store   *store.Store
	Fetcher *store.Fetcher

	options CacheOptions
	debian  repository.Mirrors // for the tools
}

// OpenCache opens a cache, which it makes where it is missing. It asks nothing of the network. Close
// ends it.
func OpenCache(o CacheOptions) (*Cache, error) {
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	c := &Cache{Dir: o.Dir, options: o}
	var err error
	if c.Store, err = store.Open(filepath.Join(o.Dir, "store")); err != nil {
		return nil, err
	}
	if c.debian, err = c.Mirrors(repository.Debian); err != nil {
		return nil, err
	}
	c.Fetcher, err = store.NewFetcher(c.Store, store.Options{
		Proxies:  store.ProxiesFrom(os.Getenv),
		CABundle: o.CABundle,
		Progress: c.downloaded,
		Log:      o.Say,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close closes idle connections.
func (c *Cache) Close() { c.Fetcher.Close() }

// OpenBase finds the root filesystem that a build starts from.
func (c *Cache) OpenBase(ctx context.Context, name, architecture string) (*archive.Base, error) {
	return archive.OpenBase(ctx, name, archive.BaseOptions{
		Architecture: architecture, CacheDir: c.Dir, Client: c.Fetcher.Client(), Say: c.options.Say,
	})
}

// Mirrors decides where a distribution is fetched from.
func (c *Cache) Mirrors(distribution string) (repository.Mirrors, error) {
	host := repository.HostMirrors(os.DirFS("/"), distribution)
	if c.options.SecurityMirror != "" {
		host.Security = c.options.SecurityMirror
	}
	return repository.ChooseMirrors(distribution, c.options.Mirror, os.Getenv(repository.MirrorVariable), host)
}

// MirrorsOf is where a request's packages are fetched from; empty where each of its sources names its
// own address, for which no mirror need be known.
func (c *Cache) MirrorsOf(request plan.Request) (repository.Mirrors, error) {
	for _, s := range request.Sources {
		if s.Mirrored {
			return c.Mirrors(request.Target.Distribution)
		}
	}
	return repository.Mirrors{}, nil
}

// URI is where a source is fetched from.
func URI(s plan.Source, mirrors repository.Mirrors) string {
	switch {
	case !s.Mirrored:
		return s.URI
	case s.URI == repository.DebianSecurityAlias:
		return mirrors.Security
	default:
		return mirrors.Main
	}
}

// locks are the answers that are remembered.
func (c *Cache) locks() lockCache { return lockCache{dir: filepath.Join(c.Dir, "locks")} }

// smallDownload in bytes: what is done in no time needs no line.
const smallDownload = 20e6

// downloaded says how far a download is.
func (c *Cache) downloaded(p store.Progress) {
	if p.BytesTotal < smallDownload {
		return
	}
	c.options.Say("%d of %d files, %d of %d MB", p.FilesDone, p.FilesTotal, p.BytesDone/1e6, p.BytesTotal/1e6)
}
