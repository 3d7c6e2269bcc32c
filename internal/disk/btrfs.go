package disk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
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
		if err := a.run(ctx, a.covering(p, append(command, file))...); err != nil {
			return err
		}
		return a.outgrown(ctx, p, file)
	})
}

// outgrown refuses a file system that mkfs.btrfs has made larger than its partition, as it does with a file where its
// own estimate of the content is larger.
func (a assembly) outgrown(ctx context.Context, p plan.Partition, file string) error {
	out, err := a.output(ctx, "stat", "--format=%s", file)
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil || size == p.Size {
		return err
	}
	return &mistake.Mistake{
		Field: fmt.Sprintf("spec.storage.partitions[%d]", p.Number-1),
		Problem: fmt.Sprintf("btrfs on %s has %d MiB and is made of %d MiB for its content: make the partition larger by %d MiB",
			p.Mount.Path, p.Size>>20, wholeMiB(size), wholeMiB(size-p.Size)),
	}
}

// btrfsOverhead is what mkfs.btrfs asks for besides the content (btrfs_mkfs_size_dir of btrfs-progs 6.14): for each file
// three names of the longest and a block that lies inline, an eighth of the data, both twice; and its least size.
func btrfsOverhead(c content) int64 {
	const perFile, least = 3*4096 + blockSize, 110 << 20
	return 2*(c.files*perFile+c.apparent/8) + max(0, c.apparent-c.bytes) + least
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
