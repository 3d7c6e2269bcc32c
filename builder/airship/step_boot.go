package airship

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// bootImage boots the finished image in every firmware that it supports and asks it what it is.
func bootImage(ctx context.Context, b *build, _ multistep.StateBag) error {
	b.checks = nil
	for _, firmware := range firmwares(b.plan) {
		b.checks = append(b.checks, check{Firmware: firmware})
	}
	if len(b.checks) == 0 {
		b.say("a root filesystem boots on nothing by itself")
		return nil
	}
	if !b.config.verifyBoot() {
		b.say("skipped, as verify_boot is false: the image is not verified")
		b.unverified("verify_boot is false")
		return nil
	}
	binary, err := qemu.Find(ctx, b.plan.Target.Architecture)
	if errors.Is(err, qemu.ErrNotFound) {
		b.ui.Error(fmt.Sprintf("THE IMAGE IS NOT VERIFIED: %v", err))
		b.unverified(err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	accelerator, err := qemu.Probe(ctx, qemu.Options{
		Binary: binary, Kernel: b.kernel, CacheDir: b.cache.QEMU(), Want: b.config.Accelerator, Log: b.say,
	})
	if err != nil {
		return err
	}
	b.say("QEMU %s, %s: %s", binary.Version, accelerator.Name, accelerator.Reason)

	group, ctx := errgroup.WithContext(ctx)
	var turns sync.RWMutex
	for i := range b.checks {
		group.Go(func() error { return b.boot(ctx, &b.checks[i], binary, accelerator, &turns) })
	}
	return group.Wait()
}

// canWatch finds what would fail the boot check whatever the image is, before anything is installed. That
// the provisioner will run is not known yet, but taken for granted: the profile's datasources are its.
func (b *build) canWatch(ctx context.Context) error {
	if !b.config.verifyBoot() || b.plan.Action == v1alpha1.ActionBuildRoot {
		return nil
	}
	if _, err := qemu.Find(ctx, b.plan.Target.Architecture); errors.Is(err, qemu.ErrNotFound) {
		return nil
	}
	spec := b.applied()
	return bootcheck.CanWatch(b.plan, osconfig.Datasources(spec), osconfig.Seeded(spec))
}

func (b *build) unverified(reason string) {
	for i := range b.checks {
		b.checks[i].Reason = reason
	}
}

// firmwares that a plan's image boots with.
func firmwares(p plan.Plan) []bootcheck.Firmware {
	var all []bootcheck.Firmware
	if p.Action == v1alpha1.ActionBuildISO {
		if p.Target.Architecture == "amd64" {
			all = append(all, bootcheck.BIOS)
		}
		return append(all, uefi(p))
	}
	if _, found := p.Disk.BIOSBoot(p.Target.Architecture); found {
		all = append(all, bootcheck.BIOS)
	}
	if _, found := p.Disk.ESP(); found {
		all = append(all, uefi(p))
	}
	return all
}

// uefi is the firmware that a plan's image is checked with where it boots by UEFI.
func uefi(p plan.Plan) bootcheck.Firmware {
	if p.System.SecureBoot {
		return bootcheck.UEFISecure
	}
	return bootcheck.UEFI
}

func (b *build) boot(ctx context.Context, c *check, binary qemu.Binary, accelerator qemu.Accelerator, turns *sync.RWMutex) error {
	directory, err := os.MkdirTemp(b.work.Path, "boot-")
	if err != nil {
		return err
	}
	expect, err := b.expectations(c.Firmware)
	if err != nil {
		return err
	}
	file, format := b.bootable()
	options := bootcheck.Options{
		Image:       file,
		Format:      format,
		Plan:        b.plan,
		Firmware:    c.Firmware,
		Binary:      binary,
		Accelerator: accelerator,
		WorkDir:     directory,
		Timeout:     b.config.BootTimeout,
		Expect:      expect,
		Turns:       turns,
		Progress:    b.say,
	}
	if b.configured {
		spec := b.applied()
		options.Datasources, options.Seeded = osconfig.Datasources(spec), osconfig.Seeded(spec)
	}
	answers, err := bootcheck.Check(ctx, options)
	if errors.Is(err, qemu.ErrNoFirmware) {
		b.ui.Error(fmt.Sprintf("THE IMAGE IS NOT VERIFIED IN %s: %v", c.Firmware, err))
		c.Reason = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	c.Verified, c.Answers = true, answers
	return nil
}

// bootable is the finished file that every QEMU can start, and its format; where there is none, what all of them
// were made of.
func (b *build) bootable() (file, format string) {
	for _, o := range b.plan.Outputs {
		switch o.Format {
		case plan.QCOW2, plan.Raw:
			return b.output.File(o.Name).Name(), o.Format
		case plan.ISOImage:
			return b.output.File(o.Name).Name(), plan.Raw
		}
	}
	return b.raw, plan.Raw
}

// expectations are what was applied: the builder's own work, and the provisioner's if it ran.
func (b *build) expectations(firmware bootcheck.Firmware) (bootcheck.Expectations, error) {
	e := bootcheck.FromPlan(b.plan)
	if b.configured {
		e = bootcheck.FromProfile(b.plan, b.applied(), b.paths)
		facts, err := b.facts()
		if err != nil {
			return e, err
		}
		meta, err := osconfig.Meta(b.profile, facts)
		if err != nil {
			return e, err
		}
		e.Meta = bootcheck.Digests(meta)
	}
	// Under UEFI GRUB adds an entry for the firmware's own settings.
	e.SameGrub = firmware == bootcheck.BIOS && b.plan.Action == v1alpha1.ActionBuildQcow2
	return e, nil
}
