package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

const (
	// minExt4 is what ext4 with a journal of its smallest size needs.
	minExt4 = 16 * mebibyte
	// minVfat leaves FAT32, which firmware reads everywhere, the clusters it must have.
	minVfat = 64 * mebibyte
	// minLargeVfat is the same in clusters of 4096 bytes.
	minLargeVfat = 260 * mebibyte
	// minXFS and minBtrfs are what their mkfs asks for.
	minXFS   = 300 * mebibyte
	minBtrfs = 128 * mebibyte
	// maxPartitions is the number of entries in a GPT of the usual size.
	maxPartitions = 128
)

// layoutCheck collects what is wrong with a layout, all of it.
type layoutCheck struct {
	architecture string
	platform     string
	tableKind    string // GPT or MBR
	sectorSize   int64  // bytes
	size         int64  // of the disk, bytes; 0 while unknown
	mistakes     *multierror.Error
}

func (c *layoutCheck) mistake(field, format string, args ...any) {
	c.mistakes = multierror.Append(c.mistakes, &mistake.Mistake{Field: field, Problem: fmt.Sprintf(format, args...)})
}

// capacity sets the disk's size, which must be at least least bytes.
func (c *layoutCheck) capacity(text string, least int64) {
	if text == "" {
		text = defaultCapacity
	}
	size, err := parseCapacity(text)
	switch {
	case err != nil:
		c.mistake("spec.storage.qcow_capacity", "%v", err)
	case size < least:
		c.mistake("spec.storage.qcow_capacity", "%s is too small: this layout needs more than %s", text, formatBytes(least))
	case c.tableKind == MBR && size > maxMBR:
		c.mistake("spec.storage.qcow_capacity", "%s is more than the 2 TiB that an mbr can address: want partitionTable gpt", text)
	default:
		c.size = size
	}
}

// maxMBR is what 32 bits count of sectors of 512 bytes.
const maxMBR = int64(2) << 40

// table sets the kind of table and the sector size.
func (c *layoutCheck) table(storage v1alpha1.Storage) {
	c.tableKind, c.sectorSize = GPT, 512
	switch kind := storage.PartitionTable; kind {
	case "", GPT, MBR:
		if kind != "" {
			c.tableKind = kind
		}
	default:
		c.mistake("spec.storage.partitionTable", "unknown partition table %s%s", mistake.Word(kind), mistake.Suggest(kind, []string{GPT, MBR}))
	}
	switch size := storage.SectorSize; size {
	case 0, 512:
	case largeSector:
		c.sectorSize = largeSector
		if c.tableKind == MBR {
			c.mistake("spec.storage.sectorSize", "disks with sectors of 4096 bytes boot by UEFI alone, which wants a gpt")
		}
	default:
		c.mistake("spec.storage.sectorSize", "%d is neither 512 nor 4096", size)
	}
}

// place reads and checks each partition for itself.
func (c *layoutCheck) place(partitions []v1alpha1.Partition) []placedPartition {
	placed := make([]placedPartition, 0, len(partitions))
	for i, partition := range partitions {
		p := placedPartition{
			Partition: partition, number: i + 1, field: fmt.Sprintf("spec.storage.partitions[%d]", i), architecture: c.architecture,
		}
		if p.PartStart == "" {
			p.PartStart = "1MiB"
			if i > 0 && placed[i-1].known {
				p.PartStart = fmt.Sprintf("%dMiB", placed[i-1].end/mebibyte)
			}
		}
		c.flags(p)
		c.named(p)
		c.mount(p)
		c.filesystem(p)
		c.position(&p)
		placed = append(placed, p)
	}
	return placed
}

// position sets p's start and end. A percentage keeps clear of the two partition tables by itself,
// as it does in parted; anything else must.
func (c *layoutCheck) position(p *placedPartition) {
	if c.size == 0 {
		return
	}
	last := c.size - mebibyte
	read := func(name, text string) (exact, aligned int64, ok bool) {
		if text == "" {
			c.mistake(p.field+"."+name, "is required: an offset from the start of the disk, as in 516MiB or 100%%; or size in its place")
			return 0, 0, false
		}
		exact, err := parsePosition(text, c.size)
		if err != nil {
			c.mistake(p.field+"."+name, "%v", err)
			return 0, 0, false
		}
		if strings.HasSuffix(text, "%") {
			exact = min(max(exact, mebibyte), last)
		}
		return exact, (exact + mebibyte/2) / mebibyte * mebibyte, true
	}
	start, alignedStart, startOK := read("part_start", p.PartStart)
	end, alignedEnd, endOK := c.end(*p, start, read)
	if !startOK || !endOK {
		return
	}
	p.start, p.end = alignedStart, alignedEnd
	switch {
	case start < mebibyte:
		c.mistake(p.field+".part_start", "%s lies in the first MiB, which holds the partition table: the first partition can start at 1MiB", p.PartStart)
	case end <= start:
		c.mistake(p.field+".part_end", "partition %s ends at %s, not behind its start at %s", p.title(), formatBytes(end), formatBytes(start))
	case end > last:
		c.mistake(p.field+".part_end", "partition %s ends at %s, but the disk of %s has room up to %s: its last MiB holds the backup partition table (100%% stops before it)",
			p.title(), formatBytes(end), formatBytes(c.size), formatBytes(last))
	case p.flagged(flagBIOSGrub) && end-start < mebibyte:
		c.mistake(p.field+".part_end", "%s is too small for bios_grub: GRUB needs 1 MiB", formatBytes(end-start))
	case p.end <= p.start:
		c.mistake(p.field+".part_end", "partition %s is smaller than 1 MiB, to which partitions are aligned", p.title())
	default:
		p.known = true
		c.aligned(p.field+".part_start", p.PartStart, start)
		c.aligned(p.field+".part_end", p.PartEnd, end)
		c.room(*p)
	}
}

// end is p's, by its part_end or its size.
func (c *layoutCheck) end(
	p placedPartition, start int64, read func(name, text string) (exact, aligned int64, ok bool),
) (exact, aligned int64, ok bool) {
	if p.Size == "" {
		return read("part_end", p.PartEnd)
	}
	if p.PartEnd != "" {
		c.mistake(p.field+".size", "stands beside part_end; keep one")
		return 0, 0, false
	}
	size, err := parsePosition(p.Size, c.size)
	if err != nil {
		c.mistake(p.field+".size", "%s", strings.Replace(err.Error(), "a position on the disk", "a size", 1))
		return 0, 0, false
	}
	exact = start + size
	if strings.HasSuffix(p.Size, "%") {
		exact = min(exact, c.size-mebibyte)
	}
	return exact, (exact + mebibyte/2) / mebibyte * mebibyte, true
}

// aligned refuses what lies beside a whole MiB in a unit that names the exact place, as it does to
// parted; other units and percentages are rounded.
func (c *layoutCheck) aligned(field, text string, exact int64) {
	if unit := strings.TrimLeft(text, "0123456789. "); (unit == "B" || strings.HasSuffix(unit, "iB")) && exact%mebibyte != 0 {
		c.mistake(field, "%s is not a whole MiB, to which partitions are aligned: write %dMiB", text, (exact+mebibyte/2)/mebibyte)
	}
}

// room refuses a partition that its file system does not fit into.
func (c *layoutCheck) room(p placedPartition) {
	if p.Filesystem == nil {
		return
	}
	least, known := map[string]int64{
		fsExt4: minExt4, fsVfat: minVfat, fsXFS: minXFS, fsBtrfs: minBtrfs,
	}[p.Filesystem.Type]
	if p.Filesystem.Type == fsVfat && c.sectorSize == largeSector {
		least = minLargeVfat
	}
	if known && p.end-p.start < least {
		c.mistake(p.field+".part_end", "%s is too small for %s: it needs at least %s",
			formatBytes(p.end-p.start), p.Filesystem.Type, formatBytes(least))
	}
}

func (c *layoutCheck) flags(p placedPartition) {
	known := []string{flagBIOSGrub, flagESP}
	if c.tableKind == MBR {
		known = []string{flagBoot, flagESP}
	}
	for i, flag := range p.Flags {
		if !slices.Contains(known, flag) {
			c.mistake(fmt.Sprintf("%s.flags[%d]", p.field, i), "%s", c.unknownFlag(flag, known))
		}
	}
	if p.flagged(flagBIOSGrub) && p.flagged(flagESP) {
		c.mistake(p.field+".flags", "a partition is bios_grub or esp, not both")
	}
	if p.flagged(flagBIOSGrub) && p.mounted() {
		c.mistake(p.field+".mount", "a bios_grub partition holds GRUB's own code and no file system: mount must be none")
	}
	if p.flagged(flagESP) && !p.mounted() {
		c.mistake(p.field+".mount", "an esp partition must be mounted, so that boot loader updates reach it: /boot/efi is usual")
	}
}

func (c *layoutCheck) unknownFlag(flag string, known []string) string {
	switch {
	case c.tableKind == MBR && flag == flagBIOSGrub:
		return "bios_grub is a gpt's: in an mbr GRUB's code lies before the first partition; leave this partition out"
	case c.tableKind == GPT && flag == flagBoot:
		return "boot is an mbr's: in a gpt firmware finds what it starts by the flags esp and bios_grub"
	}
	return fmt.Sprintf("unknown flag %s%s", mistake.Word(flag), mistake.Suggest(flag, known))
}

func (c *layoutCheck) mount(p placedPartition) {
	switch {
	case p.Mount == "":
		c.mistake(p.field+".mount", "is required: an absolute path, none or swap")
	case !p.mounted():
	case !path.IsAbs(p.Mount) || path.Clean(p.Mount) != p.Mount || strings.ContainsFunc(p.Mount, func(r rune) bool { return r < ' ' || r == 0x7f }):
		c.mistake(p.field+".mount", "%q is not a clean absolute path such as /var/lib, nor none", p.Mount)
	case c.reserved(p.Mount):
		c.mistake(p.field+".mount", "%s is needed before partitions are mounted, or mounted by the system itself", p.Mount)
	case p.Mount == "/boot/efi" && !p.flagged(flagESP):
		c.mistake(p.field+".flags", "the partition of /boot/efi needs the flag esp, by which firmware finds it")
	}
}

func (c *layoutCheck) reserved(mount string) bool {
	// Debian's /var/run and /var/lock are absolute links into /run.
	return within(mount, "/proc", "/sys", "/dev", "/run", "/var/run", "/var/lock") ||
		slices.Contains([]string{"/etc", "/bin", "/sbin", "/lib", "/lib64"}, mount)
}

// packaged tells where packages and the users they make put what vfat cannot hold. Firmware wants
// the esp as vfat, and what lies in /boot, files alone, fits it.
func packaged(p placedPartition) bool {
	switch p.Mount {
	case "/":
		return true
	case "/boot/efi", "/efi":
		return false
	case "/boot":
		return !p.flagged(flagESP)
	}
	return within(p.Mount, "/usr", "/var", "/home", "/root", "/opt", "/srv", "/tmp",
		"/boot", "/etc", "/bin", "/sbin", "/lib", "/lib64")
}

// within says that mount is one of trees or lies below one.
func within(mount string, trees ...string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return mount == tree || strings.HasPrefix(mount, tree+"/")
	})
}

func (c *layoutCheck) filesystem(p placedPartition) {
	known := []string{fsExt4, fsXFS, fsBtrfs, fsVfat, fsSwap}
	if p.Filesystem == nil || p.Filesystem.Type == "" {
		if p.Mount != noMount || p.Filesystem != nil {
			c.mistake(p.field+".filesystem", "is required, with its type (%s)", strings.Join(known, ", "))
		}
		return
	}
	kind, fstab := p.Filesystem.Type, p.Filesystem.Fstab
	switch {
	case !slices.Contains(known, kind):
		c.mistake(p.field+".filesystem.type", "unknown file system %s%s", mistake.Word(kind), mistake.Suggest(kind, known))
		return
	case p.mounted() && kind == fsSwap:
		c.mistake(p.field+".mount", "swap is not mounted: want none")
	case p.Mount == swapMount && kind != fsSwap:
		c.mistake(p.field+".filesystem.type", "want swap, as mount says")
	case !p.mounted() && kind != fsSwap:
		c.mistake(p.field+".filesystem", "a partition with mount none has no file system: give it a mount, or leave filesystem out")
	case p.flagged(flagESP) && kind != fsVfat:
		c.mistake(p.field+".filesystem.type", "firmware reads an esp partition as vfat alone, not %s", kind)
	case kind == fsVfat && packaged(p):
		c.mistake(p.field+".filesystem.type", "vfat keeps neither owners nor links, which packages need in %s: use ext4 "+
			"(vfat is for an esp at /boot/efi, /efi or /boot, and for data elsewhere)", p.Mount)
	}
	c.label(p.field+".filesystem.label", kind, p.Filesystem.Label)
	c.mountOptions(p.field+".filesystem.fstab.options", kind, fstab.Options)
	if fstab.Dump < 0 || fstab.Dump > 1 {
		c.mistake(p.field+".filesystem.fstab.dump", "%d is neither 0 nor 1", fstab.Dump)
	}
	if fstab.Fsck < 0 || fstab.Fsck > 2 {
		c.mistake(p.field+".filesystem.fstab.fsck", "%d is not 0 (never), 1 (the root) or 2", fstab.Fsck)
	}
}
