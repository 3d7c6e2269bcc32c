package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
)

// prepareToolbox makes sure that the tools are there: those of the lock file, or the newest.
func prepareToolbox(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	b.tools, err = b.cache.Tools(ctx, b.isolation, b.wants)
	return err
}
