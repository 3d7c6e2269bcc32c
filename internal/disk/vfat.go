package disk

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// vfat makes p's file system and copies its part of the tree into it, in the order of names.
func (a assembly) vfat(ctx context.Context, p plan.Partition) error {
	command := []string{
		"mkfs.vfat", "--invariant", "-F", "32",
		// What it would ask a block device, and do to a whole one: the disk is a file in one kind of machine
		// and a device in the other.
		"-I", "--mbr=no", "-g", "255/63", "-S", strconv.FormatInt(a.plan.Disk.SectorSize, 10),
		"-s", strconv.FormatInt(max(1, fatCluster(p.Size)*bootSector/a.plan.Disk.SectorSize), 10),
		"-i", strings.ReplaceAll(p.Filesystem.UUID, "-", ""),
		"--offset", strconv.FormatInt(p.Start/a.plan.Disk.SectorSize, 10),
		"-h", strconv.FormatInt(p.Start/a.plan.Disk.SectorSize, 10),
	}
	if p.Filesystem.Label != "" {
		command = append(command, "-n", p.Filesystem.Label)
	}
	if err := a.run(ctx, append(command, machine.Disk, strconv.FormatInt(p.Size>>10, 10))...); err != nil {
		return err
	}
	return a.fillFAT(ctx, fmt.Sprintf("%s@@%d", machine.Disk, p.Start), machine.Target+p.Mount.Path, a.inner(p.Mount.Path))
}

// fillFAT copies the tree at root, without what lies inside inner, into a FAT image as mtools name it.
func (a assembly) fillFAT(ctx context.Context, image, root string, inner []string) error {
	listing, err := a.output(ctx, "find", root, "-xdev", "-mindepth", "1", "-printf", `%y%P\0`)
	if err != nil {
		return err
	}
	dirs, files, err := fatEntries(listing, inner)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := a.run(ctx, "mmd", "-i", image, "::"+dir); err != nil {
			return err
		}
	}
	for _, batch := range batches(files) {
		args := []string{"mcopy", "-Q", "-i", image}
		for _, name := range batch {
			args = append(args, path.Join(root, name))
		}
		if err := a.run(ctx, append(args, "::"+path.Dir(batch[0]))...); err != nil {
			return err
		}
	}
	return nil
}

// fatCluster is the number of sectors in a cluster of a FAT32 volume of size bytes: Microsoft's
// table, in Windows' format command too. mkfs.vfat's own choice leaves fewer clusters than FAT32 must
// have, and firmware tells the kind of FAT by their number.
func fatCluster(size int64) int64 {
	switch {
	case size <= 260<<20:
		return 1
	case size <= 8<<30:
		return 8
	case size <= 16<<30:
		return 16
	case size <= 32<<30:
		return 32
	default:
		return 64
	}
}

// inner lists the paths below mount, relative to it, that hold other file systems.
func (a assembly) inner(mount string) []string {
	var inner []string
	for _, dir := range a.mountedInside(mount) {
		inner = append(inner, strings.TrimPrefix(dir, path.Join(machine.Target, mount)+"/"))
	}
	return inner
}

// fatForbidden are the printable characters a long name must not have (Microsoft's FAT specification,
// section 7).
const fatForbidden = `"*:<>?\|`

// fatEntries reads find's listing, each entry a letter for the kind and a path, ended by NUL.
// Directories and files come back sorted, parents first, with a leading slash, without what lies
// inside inner. Anything but directories and files is an error: FAT holds nothing else.
func fatEntries(listing string, inner []string) (dirs, files []string, err error) {
	for entry := range strings.SplitSeq(strings.TrimSuffix(listing, "\x00"), "\x00") {
		if entry == "" {
			continue
		}
		kind, name := entry[0], entry[1:]
		if slices.ContainsFunc(inner, func(dir string) bool { return strings.HasPrefix(name, dir+"/") }) {
			continue
		}
		switch {
		case strings.ContainsAny(path.Base(name), fatForbidden):
			return nil, nil, fmt.Errorf("%q has a character that vfat cannot hold: one of %s", name, fatForbidden)
		case kind == 'd':
			dirs = append(dirs, "/"+name)
		case kind == 'f':
			files = append(files, "/"+name)
		default:
			return nil, nil, fmt.Errorf("%s is neither a directory nor a plain file, and vfat holds nothing else", name)
		}
	}
	slices.Sort(dirs)
	slices.SortFunc(files, func(a, b string) int {
		if order := strings.Compare(path.Dir(a), path.Dir(b)); order != 0 {
			return order
		}
		return strings.Compare(a, b)
	})
	return dirs, files, nil
}

// batches groups files, sorted by directory, into runs of one directory, each short enough for a
// command line.
func batches(files []string) [][]string {
	const most = 200
	var groups [][]string
	for _, name := range files {
		last := len(groups) - 1
		if last < 0 || path.Dir(groups[last][0]) != path.Dir(name) || len(groups[last]) == most {
			groups = append(groups, []string{name})
			continue
		}
		groups[last] = append(groups[last], name)
	}
	return groups
}
