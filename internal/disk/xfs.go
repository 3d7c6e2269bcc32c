package disk

import (
	"context"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// xfsOptions are files of the toolbox's xfsprogs: features that the kernel of a suite, and its GRUB, know.
var xfsOptions = map[string]string{
	"focal":    "lts_5.4",
	"jammy":    "lts_5.15",
	"bookworm": "lts_6.1",
	"noble":    "lts_6.6",
	"trixie":   "lts_6.12",
}

// xfs makes p's file system and fills it with its own part of the tree by a prototype (mkfs.xfs(8), -p). That keeps owners,
// modes and extended attributes. Hard links become files of their own, and all files have the time at which the image
// is made; it is not the same byte for byte.
func (a assembly) xfs(ctx context.Context, p plan.Partition) error {
	root := machine.Target + p.Mount.Path
	listing, err := a.output(ctx, a.covering(p, []string{"find", root, "-xdev", "-printf", `%y\0%m\0%U\0%G\0%l\0%P\0`})...)
	if err != nil {
		return err
	}
	prototype, err := readPrototype(listing)
	if err != nil {
		return err
	}
	const file, spaced = workDir + "/prototype", workDir + "/spaced"
	if err := a.machine.WriteFile(ctx, file, 0o600, []byte(prototype.text(root, spaced))); err != nil {
		return err
	}
	if err := a.linkSpaced(ctx, prototype, root, spaced); err != nil {
		return err
	}
	options, known := xfsOptions[a.plan.Target.Suite]
	if !known {
		return fmt.Errorf("no features of xfs are known for %s", a.plan.Target.Suite)
	}
	return a.staged(ctx, p, func(image string) error {
		command := []string{
			"mkfs.xfs", "-q", "-f", "-K", "-c", "options=/usr/share/xfsprogs/mkfs/" + options + ".conf",
			"-m", "uuid=" + p.Filesystem.UUID, "-s", fmt.Sprintf("size=%d", a.plan.Disk.SectorSize), "-b", "size=4096",
			"-p", "slashes_are_spaces=1," + file,
		}
		if p.Filesystem.Label != "" {
			command = append(command, "-L", p.Filesystem.Label)
		}
		if err := a.run(ctx, a.covering(p, append(command, image))...); err != nil {
			return err
		}
		return a.sticky(ctx, prototype, image)
	})
}

// linkSpaced gives files whose paths have blanks, at which a prototype ends a path, names without.
func (a assembly) linkSpaced(ctx context.Context, prototype *prototype, root, directory string) error {
	var script strings.Builder
	fmt.Fprintf(&script, "rm -rf %[1]s\nmkdir -p %[1]s\n", directory)
	for i, name := range prototype.spaced {
		fmt.Fprintf(&script, "ln -s %s %s/%d\n", quote(root+"/"+name), directory, i)
	}
	return a.machine.Run(ctx, machine.Command{Args: []string{"sh", "-eu"}, Stdin: strings.NewReader(script.String())})
}

// sticky sets the modes that a prototype has no digit for.
func (a assembly) sticky(ctx context.Context, prototype *prototype, image string) error {
	args := []string{"xfs_db", "-x"}
	for _, e := range prototype.sticky {
		args = append(args, "-c", "path /"+e.name, "-c", "write core.mode 0"+fmt.Sprintf("%o", e.kindBits()|e.mode))
	}
	if len(prototype.sticky) == 0 {
		return nil
	}
	return a.run(ctx, append(args, image)...)
}
