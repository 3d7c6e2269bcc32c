package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
)

// bar is a line of a chart.
type bar struct {
	Name, Note  string
	Depth       int
	Size, Share string
	Files       string
	Length      string // of the bar
}

// packagesView is what is installed.
type packagesView struct {
	Largest []bar
	// Summary says in words what Largest shows.
	Summary string
	All     []packageRow
	// Sized: sizes are known.
	Sized bool
}

type packageRow struct {
	Name, Version, Architecture string
	Size, Files                 string
	Bytes                       int64
}

// most lines of a chart.
const most = 25

func newPackagesView(in Input) *packagesView {
	packages := installed(in)
	if len(packages) == 0 {
		return nil
	}
	v := &packagesView{}
	var owned int64
	for _, p := range packages {
		owned += p.Bytes
		row := packageRow{Name: p.Name, Version: p.Version, Architecture: p.Architecture, Bytes: p.Bytes}
		if p.Bytes > 0 || p.Files > 0 {
			row.Size, row.Files = size(p.Bytes), count(p.Files)
		}
		v.All = append(v.All, row)
	}
	if owned == 0 {
		return v
	}
	v.Sized = true
	bySize := slices.SortedStableFunc(slices.Values(packages), func(a, b inventory.Package) int { return cmp.Compare(b.Bytes, a.Bytes) })
	total := max(in.Inventory.Bytes, owned+in.Inventory.Unowned)
	var shown int64
	for _, p := range bySize[:min(most, len(bySize))] {
		if p.Bytes == 0 {
			break
		}
		shown += p.Bytes
		v.Largest = append(v.Largest, bar{
			Name: p.Name, Note: p.Version, Size: size(p.Bytes), Share: share(p.Bytes, total),
			Length: percent(float64(p.Bytes), float64(bySize[0].Bytes)),
		})
	}
	v.Summary = things(len(packages), "package") + " take " + size(owned) + " of " + size(total)
	if len(v.Largest) < len(packages) {
		v.Summary += "; the largest " + count(len(v.Largest)) + " of them " + size(shown) + ", " + share(shown, total) + " of all"
	}
	v.Summary += "."
	if in.Inventory.Unowned > 0 {
		v.Summary += " Files of no package (the initramfs, caches, what was configured) take " + size(in.Inventory.Unowned) + ", " +
			share(in.Inventory.Unowned, total) + "."
	}
	return v
}

// installed are the packages of the finished tree; without an inventory those that the plan installs, without sizes.
func installed(in Input) []inventory.Package {
	if len(in.Inventory.Packages) > 0 {
		return in.Inventory.Packages
	}
	var all []inventory.Package
	for key, p := range recordedPackages(in) {
		name, architecture, _ := strings.Cut(key, ":")
		all = append(all, inventory.Package{Name: name, Version: p.Version, Architecture: architecture})
	}
	slices.SortFunc(all, func(a, b inventory.Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Architecture, b.Architecture))
	})
	return all
}

// foldersView is what takes the space by directory.
type foldersView struct {
	Summary string
	// Wide is the map for wide pages, Narrow the one for phones.
	Wide, Narrow treemap
	Rows         []bar
}

// leastShare of all that a directory in the list has, in parts of the whole, and the most lines of it.
const (
	leastShare = 100
	mostRows   = 40
)

func newFoldersView(inv inventory.Inventory) *foldersView {
	root := newFolder(inv)
	if root.bytes <= 0 || len(root.folders) == 0 {
		return nil
	}
	v := &foldersView{Wide: newTreemap(root, wideWidth, 420), Narrow: newTreemap(root, phoneWidth, 460)}
	v.Summary = size(root.bytes)
	if inv.Files > 0 {
		v.Summary += " in " + things(inv.Files, "file")
	}
	v.Summary += ". Areas are in proportion to size."
	least := max(root.bytes/leastShare, 1)
	// The list keeps the tree's order, so that what is left out of a long one is what is small.
	for countLarge(root, least) > mostRows {
		least += least/4 + 1
	}
	v.rows(root, 1, root.bytes, least)
	return v
}

// countLarge counts the directories below f that have at least so many bytes.
func countLarge(f *folder, least int64) int {
	n := 0
	for _, one := range f.folders {
		if one.bytes >= least {
			n += 1 + countLarge(one, least)
		}
	}
	return n
}

func (v *foldersView) rows(f *folder, depth int, total, least int64) {
	for _, one := range f.folders {
		if one.bytes < least {
			continue
		}
		// A directory whose contents are those of one in it is not worth a line.
		if depth > 1 && len(one.folders) > 0 && one.folders[0].bytes >= max(least, one.bytes/50*49) {
			v.rows(one, depth, total, least)
			continue
		}
		row := bar{
			Name: one.path, Depth: depth, Size: size(one.bytes), Share: share(one.bytes, total),
			Length: percent(float64(one.bytes), float64(total)),
		}
		if one.files > 0 {
			row.Files = count(one.files)
		}
		v.Rows = append(v.Rows, row)
		v.rows(one, depth+1, total, least)
	}
}
