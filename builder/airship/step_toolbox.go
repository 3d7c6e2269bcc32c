package airship

import (
	"context"
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
)

// prepareToolbox makes sure that the tools are there: those of the lock file, or the newest.
func prepareToolbox(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	if b.tools, err = b.isolation.Tools(ctx, b.toolboxOptions); err != nil {
		return fmt.Errorf("prepare the tools: %w", err)
	}
	return nil
}
