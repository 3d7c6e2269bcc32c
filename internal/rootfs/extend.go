package rootfs

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// extendDir is where extend.sh finds the repository's address, as the target sees it.
const extendDir = "/tmp/airship-extend"

// extend has the target's own apt add the plan's packages to the base that lies in Target.
func extend(ctx context.Context, m machine.Machine, p plan.Plan, locked string, say func(format string, args ...any)) (err error) {
	leave, err := m.OpenTarget(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if left := leave(ctx); err == nil {
			err = left
		}
	}()
	// By a file: the URL is a secret among the users of this host.
	if err := m.WriteFile(ctx, path.Join(machine.Target, extendDir, "locked.list"), 0o600, []byte("deb [trusted=yes] "+locked+" ./\n")); err != nil {
		return err
	}
	if err := chrooted(ctx, m, divertBaseScript, diverted(p)...); err != nil {
		return fmt.Errorf("divert programs of the base: %w", err)
	}
	var names []string
	for _, pkg := range p.RootFS.Packages {
		names = append(names, fmt.Sprintf("%s:%s=%s", pkg.Name, pkg.Architecture, pkg.Version))
	}
	return install(ctx, m, p, machine.Command{
		Args: append([]string{"sh", "-s", "--", extendDir}, names...), Chroot: true, Stdin: strings.NewReader(extendScript),
	}, say)
}
