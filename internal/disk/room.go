package disk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// room refuses a layout whose file systems are too small for what goes into them, all of them at once, before any is
// made. The error is a *multierror.Error of *mistake.Mistake.
func (a assembly) room(ctx context.Context) error {
	var mistakes *multierror.Error
	for i, p := range a.plan.Disk.Partitions {
		if p.Mount == nil {
			continue
		}
		content, err := a.content(ctx, p)
		if err != nil {
			return err
		}
		if need := content + overhead(p); need > p.Size {
			mistakes = multierror.Append(mistakes, &mistake.Mistake{
				Field: fmt.Sprintf("spec.storage.partitions[%d]", i),
				Problem: fmt.Sprintf("%s on %s has %d MiB and its content of %d MiB needs %d MiB: make the partition larger by %d MiB at least",
					p.Filesystem.Type, p.Mount.Path, p.Size>>20, wholeMiB(content), wholeMiB(need), wholeMiB(need-p.Size)),
			})
		}
	}
	return mistakes.ErrorOrNil()
}

// content is what p's part of the tree takes, in bytes, by blocks of 4 KiB.
func (a assembly) content(ctx context.Context, p plan.Partition) (int64, error) {
	command := []string{"du", "--summarize", "--one-file-system", "--block-size=1"}
	if p.Filesystem.Type == "xfs" {
		command = append(command, "--count-links") // they become files of their own
	}
	out, err := a.output(ctx, a.covering(p, append(command, machine.Target+p.Mount.Path))...)
	if err != nil {
		return 0, err
	}
	size, _, _ := strings.Cut(out, "\t")
	return strconv.ParseInt(size, 10, 64)
}

// overhead is what a file system keeps for itself, in bytes, rather a little too little than too much.
func overhead(p plan.Partition) int64 {
	const mib = int64(1) << 20
	switch p.Filesystem.Type {
	case "ext4":
		// Inodes of 256 bytes for each 16 KiB, 4 KiB in small ones, and the journal: see mke2fsConf and mke2fs(8).
		inodes, journal := p.Size/64, 16*mib
		if p.Size < 512*mib {
			inodes, journal = p.Size/16, 4*mib
		}
		return inodes + min(journal, p.Size/16)
	case "xfs":
		return 64*mib + p.Size/256 // the log, and what each allocation group has
	case "btrfs":
		return 64 * mib
	default:
		return mib
	}
}

func wholeMiB(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
