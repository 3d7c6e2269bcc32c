package report

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// isoView is what is on an ISO.
type isoView struct {
	Facts []fact
	Strip strip // empty where sizes are not known
	Table contentTable
}

// contentTable is what a strip shows, as numbers.
type contentTable struct {
	Rows []contentRow
	// Used and Sized: some row says what it is for; rows have sizes.
	Used, Sized bool
	// More says what the rows leave out.
	More string
}

// contentRow is a file, or a directory, with what it is for.
type contentRow struct{ Class, Path, Use, Size, Share string }

// drawn is how many parts a strip shows, and the least of all that each has, in parts of the whole; the rest is one
// more. listed is how many lines the table has, but for those whose use is known.
const (
	drawn      = 7
	leastDrawn = 1000
	listed     = 12
)

// isoUses are the files of an ISO that have a name of their own.
var isoUses = map[string]string{
	plan.LiveSquashFS: "root file system", plan.LiveKernel: "kernel", plan.LiveInitrd: "initramfs", plan.ISOMarker: "GRUB finds the medium by it",
}

func newISOView(p plan.Plan, contents []Content) *isoView {
	if p.Action != v1alpha1.ActionBuildISO {
		return nil
	}
	v := &isoView{}
	for _, f := range []fact{
		{Name: "Volume", Text: p.ISO.Label},
		{Name: "GPT, as on a USB stick", Text: p.ISO.GUID, Code: true},
		{Name: "ESP", Text: p.ISO.ESP, Code: true},
	} {
		if f.Text != "" {
			v.Facts = append(v.Facts, f)
		}
	}
	uses := maps.Clone(isoUses)
	for name := range p.ISO.Files {
		uses["/"+name] = "for cloud-init"
	}
	if len(contents) == 0 {
		for _, name := range slices.Sorted(maps.Keys(uses)) {
			v.Table.Rows, v.Table.Used = append(v.Table.Rows, contentRow{Path: name, Use: uses[name]}), true
		}
		return v
	}
	v.Strip, v.Table = charted("The ISO", contents, uses)
	return v
}

// archiveView is what is in an archive, or in a directory.
type archiveView struct {
	Strip strip
	Table contentTable
}

func newArchiveView(in Input) *archiveView {
	if in.Plan.Action != v1alpha1.ActionBuildRoot {
		return nil
	}
	root := newFolder(in.Inventory)
	var contents []Content
	for _, f := range root.folders {
		contents = append(contents, Content{Path: f.path, Bytes: f.bytes})
	}
	if len(contents) == 0 || root.bytes <= 0 {
		return nil
	}
	if rest := root.bytes - root.below(); rest > 0 {
		contents = append(contents, Content{Path: "/", Bytes: rest})
	}
	v := &archiveView{}
	v.Strip, v.Table = charted("The archive's contents, "+size(root.bytes), contents, map[string]string{"/": "files at the top"})
	return v
}

// charted draws contents, the largest first.
func charted(title string, contents []Content, uses map[string]string) (strip, contentTable) {
	sorted := slices.SortedFunc(slices.Values(contents), func(a, b Content) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Path, b.Path))
	})
	var total int64
	for _, c := range sorted {
		total += c.Bytes
	}
	var pieces []piece
	table := contentTable{Sized: true}
	var rest, left int64
	leftFiles := 0
	for i, c := range sorted {
		row := contentRow{Path: c.Path, Use: uses[c.Path], Size: size(c.Bytes), Share: share(c.Bytes, total)}
		if i < drawn && c.Bytes >= total/leastDrawn {
			row.Class = group(i)
			pieces = append(pieces, piece{
				class: row.Class, label: cmp.Or(row.Use, path.Base(c.Path)), title: c.Path + ", " + row.Size + ", " + row.Share, bytes: c.Bytes,
			})
		} else {
			rest += c.Bytes
		}
		if i >= listed && row.Use == "" {
			left, leftFiles = left+c.Bytes, leftFiles+1
			continue
		}
		table.Rows, table.Used = append(table.Rows, row), table.Used || row.Use != ""
	}
	if leftFiles > 0 {
		table.More = things(leftFiles, "other") + ", together " + size(left) + "."
	}
	if rest > 0 {
		pieces = append(pieces, piece{class: classFree, label: "others", title: "others, " + size(rest) + ", " + share(rest, total), bytes: rest})
	}
	return newStrip(title, pieces), table
}
