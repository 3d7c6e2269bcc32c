// Package archive turns a root filesystem into an archive or a container image, and such a one back into the
// start of a root filesystem.
//
// A Plan and the tree at machine.Target enter; a tar archive or a squashfs leave through machine.Disk. On the host
// they become the formats of build-root. The same Plan and tree give the same bytes.
package archive

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Packed says where the parts of a packed tree lie in machine.Disk; what no output needs has no size.
type Packed struct {
	Tar, SquashFS machine.Section
}

// workDir holds what leaves the machine.
const workDir = machine.Scratch + "/archive"

// tarCommand writes the tree as a tar archive of the POSIX form: names sorted, owners as numbers, extended
// attributes (file capabilities among them), and no times but those of contents.
var tarCommand = []string{
	"tar", "--create", "--file", workDir + "/tar", "--directory", machine.Target,
	"--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime", "--sort=name", "--numeric-owner",
	"--xattrs", "--xattrs-include=*", "--one-file-system", ".",
}

// squashCommand writes the tree as a squashfs, its times clamped by SOURCE_DATE_EPOCH. Zstandard is what every kernel
// from 4.14 on reads; level 6 takes a tenth of the default 15's time for 7 % more.
var squashCommand = []string{
	"mksquashfs", machine.Target, workDir + "/squashfs", "-noappend", "-no-progress", "-quiet", "-one-file-system", "-xattrs",
	"-comp", "zstd", "-Xcompression-level", "6",
}

// Pack makes what the outputs of a plan need. The tree is finalised and closed.
func Pack(ctx context.Context, m machine.Machine, p plan.Plan, say func(format string, args ...any)) (Packed, error) {
	if err := m.Run(ctx, machine.Command{Args: []string{"mkdir", "-p", workDir}}); err != nil {
		return Packed{}, err
	}
	var packed Packed
	var files []string
	var sections []*machine.Section
	pack := func(name string, section *machine.Section, command []string) error {
		began := time.Now()
		if err := m.Run(ctx, machine.Command{Args: command, Env: []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(p.Epoch, 10)}}); err != nil {
			return fmt.Errorf("pack the root filesystem: %w", err)
		}
		say("%s: %.1f s", name, time.Since(began).Seconds())
		files, sections = append(files, workDir+"/"+name), append(sections, section)
		return nil
	}
	if slices.ContainsFunc(p.Outputs, func(o plan.Output) bool { return o.Format != plan.SquashFS }) {
		if err := pack("tar", &packed.Tar, tarCommand); err != nil {
			return packed, err
		}
	}
	if slices.ContainsFunc(p.Outputs, func(o plan.Output) bool { return o.Format == plan.SquashFS }) {
		if err := pack("squashfs", &packed.SquashFS, squashCommand); err != nil {
			return packed, err
		}
	}
	where, err := machine.Export(ctx, m, files...)
	if err != nil {
		return packed, err
	}
	for i, section := range sections {
		*section = where[i]
	}
	return packed, nil
}
