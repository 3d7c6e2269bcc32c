package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// finalise makes the tree ready to be copied to many nodes, whatever provisioners did to it.
func finalise(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	if b.configured, err = b.isConfigured(ctx); err != nil {
		return err
	}
	// Tried again, it may find the target closed.
	if b.leaveTarget == nil {
		if b.leaveTarget, err = b.machine.OpenTarget(ctx); err != nil {
			return err
		}
	}
	if err := rootfs.Initramfs(ctx, b.machine, b.plan); err != nil {
		return err
	}
	if err := closeTarget(ctx, b); err != nil {
		return err
	}
	if err := rootfs.Finalise(ctx, b.machine, b.plan); err != nil {
		return err
	}
	if err := takeInventory(ctx, b); err != nil {
		return err
	}
	if b.configured && b.config.verifyBoot() {
		b.paths, err = bootcheck.Observe(ctx, b.machine, bootcheck.ConfiguredPaths(b.applied()))
	}
	return err
}
