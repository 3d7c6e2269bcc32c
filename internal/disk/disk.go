// Package disk turns a finished root filesystem into a bootable GPT disk image.
//
// In go a Plan's Disk and the tree at machine.Target; out comes the raw disk machine.Disk. Nothing is
// mounted from the image and no loop device is used: file systems are made and filled offline, at
// their offsets in the file. The same Plan and the same tree give the same bytes.
package disk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const (
	// bootSector is what a BIOS reads first, bytes.
	bootSector = 512
	// workDir holds what an assembly needs beside the tree.
	workDir = machine.Scratch + "/disk"
)

// Report takes one line of progress, in the manner of fmt.Printf, without a newline.
type Report func(format string, args ...any)

// Assemble makes the raw disk machine.Disk from p and the tree at machine.Target, replacing an
// earlier one.
//
// The tree must be finalised, with /etc/fstab and /etc/default/grub written, and closed again after
// an OpenTarget: whatever is mounted there would be copied. Assemble adds the mount points
// and the boot loader's files to it; programs of the target run in a mount namespace of their own
// that leaves nothing behind.
func Assemble(ctx context.Context, m machine.Machine, p plan.Plan, report Report) error {
	if _, ok := p.Disk.Partition("/"); !ok {
		return errors.New("the plan's disk has no root partition")
	}
	a := assembly{machine: m, plan: p, report: report}
	if err := a.isClosed(ctx); err != nil {
		return err
	}
	for _, stage := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"partition the disk", a.partition},
		{"make the mount points", a.mountPoints},
		{"install GRUB", a.installGrub},
		{"settle the tree's times", a.settleTimes},
		{"measure the tree", a.room},
		{"make the file systems", a.filesystems},
		{"write the boot sectors", a.bootSectors},
	} {
		start := time.Now()
		err := stage.run(ctx)
		if len(mistake.All(err)) > 0 {
			return err // the operator's: its text is made when its places are known
		}
		if err != nil {
			return fmt.Errorf("%s: %w", stage.name, err)
		}
		report("%s: %.1fs", stage.name, time.Since(start).Seconds())
	}
	return nil
}

// assembly is one run of Assemble.
type assembly struct {
	machine machine.Machine
	plan    plan.Plan
	report  Report
}

// isClosed refuses a target in which file systems are mounted.
func (a assembly) isClosed(ctx context.Context) error {
	var exit *machine.ExitError
	switch err := a.run(ctx, "mountpoint", "--quiet", machine.Target+"/proc"); {
	case err == nil:
		return errors.New("the target is still open: what is mounted there would end in the image")
	case !errors.As(err, &exit):
		return err
	}
	return nil
}

// run runs a program of the toolbox with SOURCE_DATE_EPOCH set.
func (a assembly) run(ctx context.Context, args ...string) error {
	return a.machine.Run(ctx, machine.Command{Args: args, Env: a.env()})
}

// output is run that returns what the program wrote.
func (a assembly) output(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	err := a.machine.Run(ctx, machine.Command{Args: args, Env: a.env(), Stdout: &out})
	return out.String(), err
}

func (a assembly) env() []string {
	return []string{
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(a.plan.Epoch, 10),
		"TZ=UTC0", // FAT stores local time
		"MKE2FS_CONFIG=" + workDir + "/mke2fs.conf",
	}
}

// mountPoints makes the directories that partitions are mounted on, and covers, the empty directory
// that hides what lies behind them. mke2fs gets its configuration.
func (a assembly) mountPoints(ctx context.Context) error {
	if err := a.machine.WriteFile(ctx, workDir+"/mke2fs.conf", 0o644, []byte(mke2fsConf)); err != nil {
		return fmt.Errorf("write mke2fs.conf: %w", err)
	}
	args := []string{"mkdir", "-p", "-m", "0755", workDir + "/empty"}
	for _, p := range a.plan.Disk.Mounts() {
		args = append(args, machine.Target+p.Mount.Path)
	}
	return a.run(ctx, args...)
}

// settleTimes gives every file an access time of the epoch. mke2fs clamps times to
// SOURCE_DATE_EPOCH but copies earlier ones, so that whether a file has been read since it was
// unpacked would show in the image.
func (a assembly) settleTimes(ctx context.Context) error {
	return a.run(ctx, "find", machine.Target, "-xdev",
		"-exec", "touch", "--no-dereference", "-a", "--date=@"+strconv.FormatInt(a.plan.Epoch, 10), "{}", "+")
}

func (a assembly) filesystems(ctx context.Context) error {
	make := map[string]func(context.Context, plan.Partition) error{
		"ext4": a.ext4, "xfs": a.xfs, "btrfs": a.btrfs, "vfat": a.vfat, "swap": a.swap,
	}
	for _, p := range a.plan.Disk.Partitions {
		if p.Filesystem == nil {
			continue
		}
		start, what := time.Now(), p.Filesystem.Type
		if p.Mount != nil {
			what += " on " + p.Mount.Path
		}
		one, known := make[p.Filesystem.Type]
		if !known {
			return fmt.Errorf("%s is not a file system this build can make", p.Filesystem.Type)
		}
		err := one(ctx, p)
		if len(mistake.All(err)) > 0 {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		a.report("%s: %.1fs", what, time.Since(start).Seconds())
	}
	return nil
}
