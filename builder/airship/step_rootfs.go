package airship

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// makeRootFS installs the plan's packages and writes the builder's own files.
func makeRootFS(ctx context.Context, b *build, _ multistep.StateBag) error {
	packages := make([]repository.Locked, 0, len(b.plan.RootFS.Packages))
	for _, p := range b.plan.RootFS.Packages {
		packages = append(packages, repository.Locked{
			Name: p.Name, Version: p.Version, Architecture: p.Architecture, Size: p.Size, SHA256: p.SHA256,
		})
	}
	locked, err := b.server.AddLocked(ctx, b.store, packages, time.Unix(b.plan.Epoch, 0))
	if err != nil {
		return err
	}
	progress := newInstallProgress(len(packages), b.say)
	if err := rootfs.Bootstrap(ctx, b.machine, b.plan, locked.URI("127.0.0.1"), progress.line); err != nil {
		return err
	}
	return rootfs.Configure(ctx, b.machine, b.plan)
}

// installProgress turns the lines of mmdebstrap, apt and dpkg into one every few seconds.
type installProgress struct {
	total, unpacked, configured int
	last                        time.Time
	say                         func(format string, args ...any)
}

// progressInterval is how often a long stage says how far it is.
const progressInterval = 5 * time.Second

func newInstallProgress(total int, say func(string, ...any)) *installProgress {
	return &installProgress{total: total, last: time.Now(), say: say}
}

func (p *installProgress) line(line string) {
	switch {
	case strings.HasPrefix(line, "Unpacking "):
		p.unpacked++
	case strings.HasPrefix(line, "Setting up "):
		p.configured++
	case strings.HasPrefix(line, "W: "), strings.HasPrefix(line, "E: "):
		p.say("%s", line)
	}
	if time.Since(p.last) >= progressInterval {
		p.last = time.Now()
		p.say("%d of %d packages unpacked, %d configured", p.unpacked, p.total, p.configured)
	}
}
