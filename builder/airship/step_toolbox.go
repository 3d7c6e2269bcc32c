package airship

import (
	"context"
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

// prepareToolbox makes sure that the tools are there, in the shape that the machine takes: those of
// the lock file, or the newest.
func prepareToolbox(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	if b.isolation.Kind == isolation.QEMU {
		b.bootFiles, err = toolbox.EnsureBoot(ctx, b.toolboxOptions)
		b.toolbox = toolbox.Toolbox{Pin: b.bootFiles.Pin, Digest: b.bootFiles.Digest}
	} else {
		options := b.toolboxOptions
		options.Owner, options.Inside = toolbox.Mapped(b.isolation.Mapping)
		b.toolbox, err = toolbox.Ensure(ctx, options)
	}
	if err != nil {
		return fmt.Errorf("prepare the tools: %w", err)
	}
	return nil
}
