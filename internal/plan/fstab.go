package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mounts are the mounted partitions in the order of mounting: by mount_order, then by path, so that
// a file system always comes before those that are mounted inside it.
func (d Disk) Mounts() []Partition {
	mounted := slices.DeleteFunc(slices.Clone(d.Partitions), func(p Partition) bool { return p.Mount == nil })
	slices.SortStableFunc(mounted, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Mount.Order, b.Mount.Order), cmp.Compare(a.Mount.Path, b.Mount.Path))
	})
	return mounted
}

// Fstab renders /etc/fstab (fstab(5)).
func (d Disk) Fstab() string {
	// Spaces separate columns and a backslash starts an octal escape.
	escape := strings.NewReplacer(`\`, `\134`, " ", `\040`, "#", `\043`)
	var text strings.Builder
	text.WriteString("# Written by the image build from the profile's storage.partitions.\n")
	text.WriteString("# <file system> <mount point> <type> <options> <dump> <pass>\n")
	for _, p := range d.Mounts() {
		fmt.Fprintf(&text, "UUID=%s %s %s %s %d %d\n",
			p.Filesystem.UUID, escape.Replace(p.Mount.Path), p.Filesystem.Type, p.Mount.Options, p.Mount.Dump, p.Mount.Pass)
	}
	for _, p := range d.Partitions {
		if p.Swap != "" {
			fmt.Fprintf(&text, "UUID=%s none swap %s 0 0\n", p.Filesystem.UUID, p.Swap)
		}
	}
	return text.String()
}
