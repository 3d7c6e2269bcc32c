package disk

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// stagedFile is where a file system is made whose tool knows no offset.
const stagedFile = workDir + "/filesystem"

// place copies what a sparse file holds to an offset of the disk; zeros and holes take no room there.
//
//go:embed place.py
var place string

// staged makes a file system by itself, in a sparse file of its partition's size, and puts it into the disk. It serves
// the tools that can make one at the start of a file alone.
func (a assembly) staged(ctx context.Context, p plan.Partition, mkfs func(file string) error) error {
	if err := a.run(ctx, "rm", "-f", stagedFile); err != nil {
		return err
	}
	if err := a.run(ctx, "truncate", "--size="+strconv.FormatInt(p.Size, 10), stagedFile); err != nil {
		return err
	}
	if err := mkfs(stagedFile); err != nil {
		return err
	}
	if err := a.run(ctx, "python3", "-c", place, stagedFile, machine.Disk, strconv.FormatInt(p.Start, 10)); err != nil {
		return fmt.Errorf("put it into the disk: %w", err)
	}
	return a.run(ctx, "rm", "-f", stagedFile)
}
