package disk

import (
	"context"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// btrfs makes p's file system and fills it with its own part of the tree. Features are those of Linux 5.15 and newer
// mkfs alike, which GRUB from 2.04 on reads. btrfs draws identifiers of its own and takes the time of day: it is not
// the same byte for byte.
func (a assembly) btrfs(ctx context.Context, p plan.Partition) error {
	return a.staged(ctx, p, func(file string) error {
		command := []string{
			"mkfs.btrfs", "--quiet", "--force", "--uuid", p.Filesystem.UUID, "--nodesize", "16384", "--sectorsize", "4096",
			"--features", "extref,skinny-metadata,no-holes,^block-group-tree", "--rootdir", machine.Target + p.Mount.Path,
		}
		if p.Filesystem.Label != "" {
			command = append(command, "--label", p.Filesystem.Label)
		}
		return a.run(ctx, a.covering(p, append(command, file))...)
	})
}

// swap makes p's swap space: one page that says so.
func (a assembly) swap(ctx context.Context, p plan.Partition) error {
	return a.staged(ctx, p, func(file string) error {
		command := []string{"mkswap", "--quiet", "--pagesize", "4096", "--uuid", p.Filesystem.UUID}
		if p.Filesystem.Label != "" {
			command = append(command, "--label", p.Filesystem.Label)
		}
		return a.run(ctx, append(command, file)...)
	})
}
