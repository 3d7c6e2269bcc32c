package machine

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"
)

//go:embed target_open.sh
var targetOpen string

//go:embed target_close.sh
var targetClose string

// targetState is what target_open.sh leaves for target_close.sh.
const targetState = serverDir + "/target"

// undoTimeout is for an undo whose own context has ended.
const undoTimeout = 30 * time.Second

// OpenTarget is Machine.OpenTarget. A target that is open cannot be opened again. The undo kills
// the processes that still run in the target, works once, and does so even when its context has
// ended.
func (s *Session) OpenTarget(ctx context.Context) (undo func(context.Context) error, err error) {
	script := func(ctx context.Context, name, text string) error {
		return s.Run(ctx, Command{Args: []string{"sh", "-c", text, name, Target, targetState, Authorities, ExtraAuthorities}})
	}
	undo = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		if err := script(ctx, "close", targetClose); err != nil {
			return fmt.Errorf("close the target: %w", err)
		}
		return nil
	}
	// The directory is the lock.
	if err := s.Run(ctx, Command{Args: []string{"mkdir", "--", targetState}}); err != nil {
		return nil, fmt.Errorf("open the target: %w", err)
	}
	if err := script(ctx, "open", targetOpen); err != nil {
		return nil, errors.Join(fmt.Errorf("open the target: %w", err), undo(ctx))
	}
	return undo, nil
}
