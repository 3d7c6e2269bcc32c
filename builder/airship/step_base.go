package airship

import (
	"context"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// openBase finds the root filesystem that packages are added to, where there is one.
func openBase(ctx context.Context, b *build, _ multistep.StateBag) (err error) {
	name := b.config.base()
	if name == "" {
		return nil
	}
	b.ui.Say("Starting from " + name)
	if b.base, err = b.cache.OpenBase(ctx, name, b.profile.NodeProfile.Spec.Architecture); err != nil {
		return err
	}
	b.say("%s, %d MB", b.base.Digest, b.base.Size/1e6)
	return nil
}

// addedToBase is how large the packages are that may be added to a base, in bytes: a kernel with all its firmware.
const addedToBase = 512 << 20

// unpackBase puts the base where packages are installed.
func unpackBase(ctx context.Context, b *build, _ multistep.StateBag) error {
	if b.base == nil {
		return nil
	}
	// What is added to it is not known yet: the lock follows from the base's own packages.
	if err := rootfs.MountTarget(ctx, b.machine, max(4*b.base.Size, addedToBase)); err != nil {
		return err
	}
	if err := b.base.Unpack(ctx, b.machine); err != nil {
		return err
	}
	// What the base says of itself is not true of what is made of it.
	if err := b.machine.Run(ctx, machine.Command{Args: []string{"rm", "-rf", machine.Target + osconfig.MetaDir}}); err != nil {
		return err
	}
	spec := &b.profile.NodeProfile.Spec
	described, err := b.base.Describe(ctx, b.machine, plan.Target{Architecture: spec.Architecture, Suite: spec.Suite})
	if err != nil {
		return err
	}
	if err := b.profile.Locate(described.Check(&b.profile.NodeProfile)); err != nil {
		return err
	}
	if err := rootfs.DescribeKernels(ctx, b.machine, described); err != nil {
		return err
	}
	b.described = described
	b.say("the base has %d packages", len(described.Packages))
	return nil
}

// form is the template's, with the base's digest.
func (b *build) form() plan.Form {
	form := b.config.form()
	if b.base != nil {
		form.Base = b.base.Digest
	}
	return form
}
