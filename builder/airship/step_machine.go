package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
)

// startMachine starts the machine that everything else runs in.
func startMachine(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	b.machine, err = b.cache.Start(ctx, b.isolation, b.wants, b.tools, b.work)
	return err
}

func closeMachine(_ context.Context, b *build) error {
	if b.machine == nil {
		return nil
	}
	return b.machine.Close()
}
