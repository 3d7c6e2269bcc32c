package rootfs

import (
	"context"
	"fmt"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Initramfs ends the diversions and makes the initramfs of every kernel, once. Target is open.
func Initramfs(ctx context.Context, m machine.Machine, p plan.Plan) error {
	if err := chrooted(ctx, m, restoreScript, diverted(p)...); err != nil {
		return fmt.Errorf("end the diversions: %w", err)
	}
	if !p.RootFS.Has("initramfs-tools") {
		return nil
	}
	err := m.Run(ctx, machine.Command{
		Args:   []string{"update-initramfs", "-c", "-k", "all"},
		Env:    []string{epochEnv(p.Epoch)},
		Chroot: true,
	})
	if err != nil {
		return fmt.Errorf("make the initramfs: %w", err)
	}
	return nil
}

// Finalise is the last change to the tree, whatever provisioners did before: host keys, machine
// id, logs, caches and byte code go, and no file is newer than the plan's epoch. Target is closed.
func Finalise(ctx context.Context, m machine.Machine, p plan.Plan) error {
	// Chrooted: links that provisioners made lead nowhere else.
	if err := chrooted(ctx, m, finaliseScript, "/", fmt.Sprint(p.Epoch)); err != nil {
		return fmt.Errorf("finalise the root filesystem: %w", err)
	}
	return nil
}
