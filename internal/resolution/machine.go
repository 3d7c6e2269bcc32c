package resolution

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
	"github.com/airshipit/packer-plugin-airship/internal/work"
)

// Wants are what a template says of its machine. The zero value leaves all but the architecture to
// the host.
type Wants struct {
	// Isolation and Accelerator are those of isolation.Options.
	Isolation, Accelerator string
	// Architecture of the machine and its tools, Debian's name.
	Architecture string
	// Memory in bytes and CPUs are a virtual machine's; 0: what suits the host.
	Memory int64
	CPUs   int
	// Pin are the tools of a lock file; nil: those of the cache, else the newest.
	Pin *toolbox.Pin
}

// Choose decides which kind of machine it will be.
func (c *Cache) Choose(ctx context.Context, w Wants) (isolation.Choice, error) {
	return isolation.Choose(ctx, isolation.Options{
		Want:         w.Isolation,
		Architecture: w.Architecture,
		Accelerator:  w.Accelerator,
		Memory:       w.Memory,
		Kernel:       func(ctx context.Context) (string, error) { return c.Kernel(ctx, w) },
		CacheDir:     c.QEMU(),
		Log:          c.options.Say,
	})
}

// Kernel is the path of the tools' kernel on this host.
func (c *Cache) Kernel(ctx context.Context, w Wants) (string, error) {
	return toolbox.EnsureKernel(ctx, c.toolbox(w))
}

// QEMU is the directory where it is remembered how QEMU runs on this host.
func (c *Cache) QEMU() string { return filepath.Join(c.Dir, "qemu") }

// Work makes a private directory in the cache, and removes those of builds that are gone.
func (c *Cache) Work(ctx context.Context, kind isolation.Choice) (*work.Dir, error) {
	return work.New(ctx, c.Dir, kind.Remove, c.options.Say)
}

// Tools makes sure that the machine's tools are there.
func (c *Cache) Tools(ctx context.Context, kind isolation.Choice, w Wants) (isolation.Tools, error) {
	tools, err := kind.Tools(ctx, c.toolbox(w))
	if err != nil {
		return isolation.Tools{}, fmt.Errorf("prepare the tools: %w", err)
	}
	return tools, nil
}

func (c *Cache) toolbox(w Wants) toolbox.Options {
	return toolbox.Options{
		CacheDir:     c.Dir,
		Architecture: w.Architecture,
		Mirror:       c.debian.Main,
		Store:        c.Store,
		Fetcher:      c.Fetcher,
		Pin:          w.Pin,
		Progress:     c.options.Say,
	}
}

// Start starts a machine of that kind below the directory of Work. The caller closes it.
func (c *Cache) Start(ctx context.Context, kind isolation.Choice, w Wants, tools isolation.Tools, dir *work.Dir) (machine.Machine, error) {
	own := filepath.Join(dir.Path, "machine")
	if err := os.Mkdir(own, 0o700); err != nil {
		return nil, err
	}
	var authorities []byte
	if c.options.CABundle != "" {
		var err error
		if authorities, err = os.ReadFile(c.options.CABundle); err != nil {
			return nil, fmt.Errorf("ca_bundle: %w", err)
		}
	}
	return kind.Start(ctx, isolation.Config{
		Tools: tools, Work: own, Memory: w.Memory, CPUs: w.CPUs,
		Proxies: proxyEnvironment(store.ProxiesFrom(os.Getenv)), CABundle: authorities, Log: c.options.Say,
	})
}

// proxyEnvironment is what programs in the machine read.
func proxyEnvironment(p store.Proxies) []string {
	var pairs []string
	for _, v := range []struct{ name, value string }{
		{"http_proxy", p.HTTP}, {"https_proxy", p.HTTPS}, {"no_proxy", p.NoProxy},
	} {
		if v.value != "" {
			pairs = append(pairs, fmt.Sprintf("%s=%s", v.name, v.value))
		}
	}
	return pairs
}
