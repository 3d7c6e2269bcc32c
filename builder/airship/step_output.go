package airship

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// reserveOutput refuses to build what could not be delivered.
func reserveOutput(_ context.Context, b *build, _ multistep.StateBag) error {
	final := b.config.output(b.outputName())
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return fmt.Errorf("the output directory: %w", err)
	}
	_, err := os.Lstat(final)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the output: %w", err)
	case !b.config.PackerForce:
		return fmt.Errorf("%s exists: remove it, set output_directory, or run packer build -force to replace it", final)
	}
	return nil
}

// outputName is the image's file name, which follows from the profile and the template alone.
func (b *build) outputName() string {
	return plan.NewOutput(&b.profile.NodeProfile, b.config.options(nil)).Name
}
