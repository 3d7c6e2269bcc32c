package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/archive"
	"github.com/airshipit/packer-plugin-airship/internal/disk"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// assemble turns the tree into a raw disk, an ISO or an archive. The machine has nothing more to do then.
func assemble(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	switch b.plan.Action {
	case v1alpha1.ActionBuildRoot:
		b.packed, err = archive.Pack(ctx, b.machine, b.plan, b.say)
	case v1alpha1.ActionBuildISO:
		var files map[string][]byte
		if files, err = plan.ConfigDrive(&b.profile.NodeProfile); err == nil {
			b.iso, err = disk.AssembleISO(ctx, b.machine, b.plan, files, b.say)
		}
	default:
		err = b.profile.Locate(disk.Assemble(ctx, b.machine, b.plan, b.say))
	}
	if err != nil {
		return err
	}
	b.raw, err = b.machine.PowerOff(ctx)
	return err
}
