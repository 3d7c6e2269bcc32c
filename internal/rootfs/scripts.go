package rootfs

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

var (
	//go:embed scripts/divert.sh
	divertScript string
	//go:embed scripts/divert_base.sh
	divertBaseScript string
	//go:embed scripts/extend.sh
	extendScript string
	//go:embed scripts/restore.sh
	restoreScript string
	// CleanScript, with / as its argument, makes a machine that runs or a closed target the start of many
	// nodes.
	//
	//go:embed scripts/clean.sh
	CleanScript string
	//go:embed scripts/finalise.sh
	finaliseOnly   string
	finaliseScript = CleanScript + finaliseOnly
)

// chrooted runs a script in the target; it is read from standard input, so nothing of it is left.
func chrooted(ctx context.Context, m machine.Machine, script string, args ...string) error {
	return m.Run(ctx, machine.Command{
		Args:   append([]string{"sh", "-s", "--"}, args...),
		Chroot: true,
		Stdin:  strings.NewReader(script),
	})
}

// epochEnv is SOURCE_DATE_EPOCH as the programs of the build get it.
func epochEnv(epoch int64) string { return fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch) }
