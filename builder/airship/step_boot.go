package airship

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// bootImage boots the finished image in every firmware that it supports and asks it what it is.
func bootImage(ctx context.Context, b *build, _ multistep.StateBag) error {
	for _, firmware := range firmwares(b.plan) {
		b.checks = append(b.checks, check{Firmware: firmware})
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
	for i := range b.checks {
		group.Go(func() error { return b.boot(ctx, &b.checks[i], binary, accelerator) })
	}
	return group.Wait()
}

// canWatch finds what would fail the boot check whatever the image is, before anything is installed.
func (b *build) canWatch(ctx context.Context) error {
	if !b.config.verifyBoot() {
		return nil
	}
	if _, err := qemu.Find(ctx, b.plan.Target.Architecture); errors.Is(err, qemu.ErrNotFound) {
		return nil
	}
	return bootcheck.CanWatch(b.plan)
}

func (b *build) unverified(reason string) {
	for i := range b.checks {
		b.checks[i].Reason = reason
	}
}

// firmwares that a plan's image boots with.
func firmwares(p plan.Plan) []bootcheck.Firmware {
	var all []bootcheck.Firmware
	if _, found := p.Disk.BIOSBoot(p.Target.Architecture); found {
		all = append(all, bootcheck.BIOS)
	}
	if _, found := p.Disk.OfType(plan.TypeESP); found {
		all = append(all, bootcheck.UEFI)
	}
	return all
}

func (b *build) boot(ctx context.Context, c *check, binary qemu.Binary, accelerator qemu.Accelerator) error {
	directory := filepath.Join(b.work.Path, "boot-"+string(c.Firmware))
	if err := os.Mkdir(directory, 0o700); err != nil {
		return err
	}
	expect, err := b.expectations(c.Firmware)
	if err != nil {
		return err
	}
	answers, err := bootcheck.Check(ctx, bootcheck.Options{
		Image:       b.image.file.Name(),
		Format:      b.plan.Output.Format,
		Plan:        b.plan,
		Firmware:    c.Firmware,
		Binary:      binary,
		Accelerator: accelerator,
		WorkDir:     directory,
		Timeout:     b.config.BootTimeout,
		Expect:      expect,
		Progress:    b.say,
	})
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

// expectations are what was applied: the builder's own work, and the provisioner's if it ran.
func (b *build) expectations(firmware bootcheck.Firmware) (bootcheck.Expectations, error) {
	e := bootcheck.FromPlan(b.plan)
	// Under UEFI GRUB adds an entry for the firmware's own settings.
	e.SameGrub = firmware == bootcheck.BIOS
	if !b.configured {
		return e, nil
	}
	spec := b.profile.NodeProfile.Spec
	facts, err := b.facts()
	if err != nil {
		return e, err
	}
	meta, err := osconfig.Meta(b.profile, facts)
	if err != nil {
		return e, err
	}
	e.Meta = map[string]string{}
	for name, text := range meta {
		e.Meta[name] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	e.Sysctls = map[string]string{}
	for _, s := range spec.OSKernel.Sysctl {
		e.Sysctls[s.Name] = string(s.Value)
	}
	for _, u := range spec.Users.UserManagement {
		if !slices.ContainsFunc(e.Users, func(known bootcheck.User) bool { return known.Name == u.Name }) {
			e.Users = append(e.Users, bootcheck.User{Name: u.Name, Shell: u.Shell, Password: osconfig.PasswordState(u)})
		}
	}
	return e, nil
}
