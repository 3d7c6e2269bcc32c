package osconfig

import (
	"context"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// Clean makes a running machine the start of many nodes: its identity, host keys, logs and caches go. The
// builder airship does the same to its own targets.
func Clean(ctx context.Context, t Target) error {
	err := t.Run(ctx, TargetCommand{Args: []string{"sh", "-s", "--", "/"}, Stdin: strings.NewReader(rootfs.CleanScript)})
	if err != nil {
		return fmt.Errorf("make the machine ready to be copied: %w", err)
	}
	return nil
}
