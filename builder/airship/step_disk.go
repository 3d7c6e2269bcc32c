package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/disk"
)

// assembleDisk turns the tree into a raw disk.
func assembleDisk(ctx context.Context, b *build, _ multistep.StateBag) error {
	return disk.Assemble(ctx, b.machine, b.plan, b.say)
}
