package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/output"
)

// reserveOutput refuses to build what could not be delivered.
func reserveOutput(_ context.Context, b *build, _ multistep.StateBag) (err error) {
	name := b.config.form().Outputs(&b.profile.NodeProfile)[0].Name
	b.image.file, err = output.Reserve(b.config.output(name), b.config.PackerForce)
	return err
}

// discardOutput removes what was not delivered.
func discardOutput(_ context.Context, b *build) error {
	if b.image.file == nil {
		return nil
	}
	return b.image.file.Discard()
}
