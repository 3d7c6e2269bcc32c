package disk

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// xfsOptions are files of the toolbox's xfsprogs: features that the kernel of a suite, and its GRUB, know. Suites that are
// not here get those of oldestXFS, which all that are newer know, too.
var xfsOptions = map[string]string{
	"bullseye": "lts_5.10",
	"jammy":    "lts_5.15",
	"bookworm": "lts_6.1",
	"noble":    "lts_6.6",
	"trixie":   "lts_6.12",
}

const oldestXFS = "lts_5.4" // focal's

// settleXFS gives the files of a new xfs what a prototype has no words for.
//
//go:embed xfs.py
var settleXFS string

// attributesLost lists the files whose extended attributes a prototype does not carry: those of directories, and access
// lists, which xfs has in a form of its own.
//
//go:embed xfs_lost.py
var attributesLost string

// xfs makes p's file system and fills it with its own part of the tree by a prototype (mkfs.xfs(8), -p); modes, times
// and links follow from a list. What cannot be kept is reported.
func (a assembly) xfs(ctx context.Context, p plan.Partition) error {
	root := strings.TrimSuffix(machine.Target+p.Mount.Path, "/")
	listing, err := a.output(ctx, a.covering(p, []string{"find", root, "-xdev", "-printf", protoListing})...)
	if err != nil {
		return err
	}
	prototype, err := readPrototype(listing, root)
	if err != nil {
		return err
	}
	if err := a.reportLost(ctx, p, prototype); err != nil {
		return err
	}
	const file, spaced = workDir + "/prototype", workDir + "/spaced"
	if err := a.machine.WriteFile(ctx, file, 0o600, []byte(prototype.text(spaced))); err != nil {
		return err
	}
	if err := a.linkSpaced(ctx, prototype, spaced); err != nil {
		return err
	}
	return a.staged(ctx, p, func(image string) error {
		command := append(a.mkfsXFS(p), "-p", "slashes_are_spaces=1,"+file, image)
		if err := a.run(ctx, a.covering(p, command)...); err != nil {
			return err
		}
		return a.machine.Run(ctx, machine.Command{
			Args:  []string{"python3", "-c", settleXFS, image, strconv.FormatInt(a.plan.Epoch, 10)},
			Env:   a.env(),
			Stdin: strings.NewReader(prototype.list()),
		})
	})
}

// mkfsXFS is the command that makes p's file system, without the file it is made in.
func (a assembly) mkfsXFS(p plan.Partition) []string {
	options := cmp.Or(xfsOptions[a.plan.Target.Suite], oldestXFS)
	command := []string{
		"mkfs.xfs", "-q", "-f", "-K", "-c", "options=/usr/share/xfsprogs/mkfs/" + options + ".conf",
		"-m", "uuid=" + p.Filesystem.UUID, "-s", fmt.Sprintf("size=%d", a.plan.Disk.SectorSize),
		"-b", "size=4096", "-i", "size=512",
	}
	if p.Filesystem.Label != "" {
		command = append(command, "-L", p.Filesystem.Label)
	}
	return command
}

// linkSpaced gives files whose paths have blanks, at which a prototype ends a path, names without.
func (a assembly) linkSpaced(ctx context.Context, prototype *prototype, directory string) error {
	var script strings.Builder
	fmt.Fprintf(&script, "rm -rf %[1]s\nmkdir -p %[1]s\n", directory)
	for i, name := range prototype.spaced {
		fmt.Fprintf(&script, "ln -s %s %s/%d\n", quote(prototype.source+"/"+name), directory, i)
	}
	return a.machine.Run(ctx, machine.Command{Args: []string{"sh", "-eu"}, Stdin: strings.NewReader(script.String())})
}

// reportLost says what of the tree xfs cannot be made with.
func (a assembly) reportLost(ctx context.Context, p plan.Partition, prototype *prototype) error {
	lost, err := a.output(ctx, a.covering(p, []string{"python3", "-c", attributesLost, prototype.source})...)
	if err != nil {
		return err
	}
	for what, names := range map[string][]string{
		"extended attributes are lost": strings.Split(strings.TrimSuffix(lost, "\x00"), "\x00"),
		"hard links become files":      prototype.copied,
		"sockets are left out":         prototype.left,
	} {
		if len(names) > 0 && names[0] != "" {
			a.report("xfs on %s: %s: %s", p.Mount.Path, what, shortened(names))
		}
	}
	return nil
}

// shortened are the first few of names, and the number of the others.
func shortened(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
