package disk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// room refuses a layout whose file systems are too small for what goes into them, all of them at once, before any is
// made. The error is a *multierror.Error of *mistake.Mistake.
func (a assembly) room(ctx context.Context) error {
	var mistakes *multierror.Error
	for i, p := range a.plan.Disk.Partitions {
		if p.Mount == nil {
			continue
		}
		c, err := a.content(ctx, p)
		if err != nil {
			return err
		}
		own, inodes, err := a.overhead(ctx, p, c)
		if err != nil {
			return fmt.Errorf("measure %s on %s: %w", p.Filesystem.Type, p.Mount.Path, err)
		}
		if problem := tight(p, c, own, inodes); problem != "" {
			mistakes = multierror.Append(mistakes, &mistake.Mistake{Field: fmt.Sprintf("spec.storage.partitions[%d]", i), Problem: problem})
		}
	}
	return mistakes.ErrorOrNil()
}

// tight says what does not fit into a file system that takes own bytes for itself and has so many inodes, 0 where it
// makes them as it needs them; empty where all does.
func tight(p plan.Partition, c content, own, inodes int64) string {
	need := own + c.bytes
	if need > p.Size {
		return fmt.Sprintf("%s on %s has %d MiB and its content of %d MiB needs %d MiB: make the partition, or qcow_capacity where the layout is the default, larger by %d MiB at least",
			p.Filesystem.Type, p.Mount.Path, p.Size>>20, wholeMiB(c.bytes), wholeMiB(need), wholeMiB(need-p.Size))
	}
	if inodes > 0 && c.files > inodes {
		return fmt.Sprintf("%s on %s has room for %d files in %d MiB and its content has %d: make the partition larger, %d MiB at least, or take xfs or btrfs",
			p.Filesystem.Type, p.Mount.Path, inodes, p.Size>>20, c.files, wholeMiB(p.Size/inodes*c.files))
	}
	return ""
}

// content is what a partition holds of the tree.
type content struct {
	files int64
	bytes int64 // in blocks of 4 KiB, of directories and of long links, too
	// apparent are the bytes of files with their holes, and of each name of a file anew.
	apparent int64
}

const blockSize = 4096

func blocks(bytes int64) int64 { return (bytes + blockSize - 1) / blockSize * blockSize }

// contentListing is how find(1) prints what readContent reads: kind, size, blocks of 512 bytes, links, inode and name.
const contentListing = `%y %s %b %n %D:%i %f\0`

// content measures p's part of the tree.
func (a assembly) content(ctx context.Context, p plan.Partition) (content, error) {
	out, err := a.output(ctx, a.covering(p, []string{"find", machine.Target + p.Mount.Path, "-xdev", "-printf", contentListing})...)
	if err != nil {
		return content{}, err
	}
	return readContent(out)
}

func readContent(listing string) (content, error) {
	var c content
	var names int64
	seen := map[string]bool{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(listing, "\x00"), "\x00") {
		fields := strings.SplitN(entry, " ", 6)
		if len(fields) < 6 {
			return content{}, fmt.Errorf("a listing with %q", entry)
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return content{}, err
		}
		held, err := strconv.ParseInt(fields[2], 10, 54)
		if err != nil {
			return content{}, err
		}
		names += int64(len(fields[5])) + 16 // as an entry of a directory
		switch {
		case fields[0] == "d":
			c.bytes += blockSize
		case fields[0] == "l" && size >= 60: // shorter ones lie in ext4's inodes
			c.bytes += blocks(size)
		case fields[0] == "f":
			c.apparent += blocks(size)
			if fields[3] != "1" && seen[fields[4]] {
				continue
			}
			seen[fields[4]] = true
			c.bytes += min(blocks(size), blocks(held*512))
		}
		c.files++
	}
	c.bytes += blocks(names) + c.bytes/200 // and what lists the blocks of large files
	return c, nil
}

// overhead is what p's file system keeps of its partition for itself, in bytes, and the number of files it has inodes
// for, 0 where it has no bound. ext4 and xfs tell it of an empty one.
func (a assembly) overhead(ctx context.Context, p plan.Partition, c content) (own, inodes int64, err error) {
	switch p.Filesystem.Type {
	case "ext4":
		return a.emptyExt4(ctx, p)
	case "xfs":
		own, err = a.emptyXFS(ctx, p)
		return own + c.files*600, 0, err // inodes of 512 bytes, and their trees
	case "btrfs":
		return btrfsOverhead(c), 0, nil
	default:
		// Two tables of 4 bytes a cluster, and half a cluster for each file.
		cluster := fatCluster(p.Size) * bootSector
		return 1<<20 + p.Size/cluster*8 + c.files*cluster, 0, nil
	}
}

// emptyExt4 makes p's file system without files, by itself, to see what is left for them.
func (a assembly) emptyExt4(ctx context.Context, p plan.Partition) (own, inodes int64, err error) {
	err = a.scratch(ctx, p, func(file string) error {
		if err := a.run(ctx, append(a.mke2fs(p, 0), file, fmt.Sprintf("%dk", p.Size>>10))...); err != nil {
			return err
		}
		out, err := a.output(ctx, "dumpe2fs", "-h", file)
		if err != nil {
			return err
		}
		own = p.Size - valueOf(out, "Free blocks:")*blockSize
		inodes = valueOf(out, "Free inodes:")
		return nil
	})
	return own, inodes, err
}

// emptyXFS is the same for xfs.
func (a assembly) emptyXFS(ctx context.Context, p plan.Partition) (own int64, err error) {
	err = a.scratch(ctx, p, func(file string) error {
		if err := a.run(ctx, append(a.mkfsXFS(p), file)...); err != nil {
			return err
		}
		out, err := a.output(ctx, "xfs_db", "-r", "-c", "sb 0", "-c", "print fdblocks", file)
		own = p.Size - valueOf(out, "fdblocks =")*blockSize
		return err
	})
	return own, err
}

// scratch gives a function an empty sparse file of p's size.
func (a assembly) scratch(ctx context.Context, p plan.Partition, use func(file string) error) error {
	const file = workDir + "/empty-filesystem"
	if err := a.run(ctx, "truncate", "--size="+strconv.FormatInt(p.Size, 10), file); err != nil {
		return err
	}
	if err := use(file); err != nil {
		return err
	}
	return a.run(ctx, "rm", "-f", file)
}

// valueOf is the number behind name in a program's output; 0 where there is none.
func valueOf(text, name string) int64 {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name); found {
			number, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return number
		}
	}
	return 0
}

func wholeMiB(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
