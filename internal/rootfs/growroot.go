package rootfs

import (
	"context"
	_ "embed"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Paths of what grows the root. It is the image's own, not the operator's: nothing of it lies in /etc.
const (
	growRootPath = "/usr/lib/airship/grow-root"
	systemUnits  = "/usr/lib/systemd/system"
	growRootUnit = "airship-grow-root.service"
)

// growRoot enlarges the partition of the root where there is room behind it, and the file system by its own tool. That
// works in every release; x-systemd.growfs has left Debian 12's root as it was.
//
//go:embed scripts/grow-root.sh
var growRoot string

// growRootService runs before cloud-init, which may do the same. The root is writable by then.
const growRootService = `[Unit]
Description=Grow the root file system and its partition
Documentation=man:sfdisk(8) man:resize2fs(8) man:xfs_growfs(8) man:btrfs-filesystem(8)
DefaultDependencies=no
After=systemd-remount-fs.service systemd-udevd.service
Before=cloud-init-local.service sysinit.target shutdown.target
Conflicts=shutdown.target
ConditionVirtualization=!container

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ` + growRootPath + `
`

// enableGrowRoot has the node grow its root when it boots.
func enableGrowRoot(ctx context.Context, m machine.Machine) error {
	const target = machine.Target + systemUnits
	if err := m.WriteFile(ctx, machine.Target+growRootPath, 0o755, []byte(growRoot)); err != nil {
		return err
	}
	if err := m.WriteFile(ctx, target+"/"+growRootUnit, 0o644, []byte(growRootService)); err != nil {
		return err
	}
	const wants = target + "/sysinit.target.wants"
	for _, args := range [][]string{{"mkdir", "-p", wants}, {"ln", "-sfn", "../" + growRootUnit, wants + "/" + growRootUnit}} {
		if err := m.Run(ctx, machine.Command{Args: args}); err != nil {
			return err
		}
	}
	return nil
}
