package qemu

import (
	"context"
	"os/exec"
	"time"
)

// Command is a process of the host that dies with ctx, together with everything it started, and is
// out of reach of a Ctrl-C meant for Packer: cleaning up is left to whoever started it.
func Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	own(cmd)
	cmd.Cancel = func() error { return end(cmd) }
	// A grandchild that keeps the output pipe open must not keep Wait.
	cmd.WaitDelay = 2 * time.Second
	return cmd
}
