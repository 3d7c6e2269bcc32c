package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/disk"
)

// assembleDisk turns the tree into a raw disk. The machine has nothing more to do then.
func assembleDisk(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	if err := disk.Assemble(ctx, b.machine, b.plan, b.say); err != nil {
		return err
	}
	b.raw, err = b.machine.PowerOff(ctx)
	return err
}
