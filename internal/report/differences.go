package report

import (
	"fmt"
	"slices"
	"strings"
)

// changesView is what changed since the last build.
type changesView struct {
	// First: there is none to compare with.
	First bool
	Since string // when the last one was finished
	// Same says that nothing changed, and what follows.
	Same       string
	Warning    string
	Facts      changeTable
	Images     changeTable
	Packages   changeTable
	Settings   changeTable
	Partitions changeTable
	Cmdline    []Word
}

// changeTable has the changes of one sort by their kinds.
type changeTable struct {
	Groups []changeGroup
	Count  int
	// Sized: it says how much something grew.
	Sized bool
}

// changeGroup is a kind's.
type changeGroup struct {
	Kind Kind
	Sign string
	Rows []changeRow
}

func (t *changeTable) add(row changeRow) {
	t.Count++
	t.Sized = t.Sized || row.Grown != ""
	at := slices.IndexFunc(t.Groups, func(g changeGroup) bool { return g.Kind == row.Kind })
	if at < 0 {
		at = len(t.Groups)
		t.Groups = append(t.Groups, changeGroup{Kind: row.Kind, Sign: signs[row.Kind]})
	}
	t.Groups[at].Rows = append(t.Groups[at].Rows, row)
}

// sort puts the kinds in their order.
func (t *changeTable) sort() {
	slices.SortStableFunc(t.Groups, func(a, b changeGroup) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
}

// Mixed: there are several kinds, or one that the title does not say.
func (t *changeTable) Mixed() bool {
	return len(t.Groups) > 1 || t.Count > 0 && t.Groups[0].Kind != Changed
}

// Long is a table that is folded.
func (t *changeTable) Long() bool { return t.Count > mostRows }

// changeRow is one change: what, and from what to what.
type changeRow struct {
	Kind     Kind
	Name     string
	Note     string
	Old, New string
	Grown    string
}

// kinds in the order in which they are shown.
var kinds = []Kind{Added, Removed, Upgraded, Downgraded, Changed}

// signs say a kind without a colour.
var signs = map[Kind]string{Added: "+", Removed: "\u2212", Changed: "~", Upgraded: "\u2191", Downgraded: "\u2193"}

func newChangesView(in Input) *changesView {
	if in.Previous == nil {
		return &changesView{First: true}
	}
	record := NewRecord(in)
	d := Changes(*in.Previous, record)
	v := &changesView{Cmdline: d.Cmdline}
	if !in.Previous.Finished.IsZero() {
		v.Since = moment(in.Previous.Finished)
	}
	if len(d.Unequal) > 0 {
		v.Warning = "The plan is the same, and yet other bytes came of it: " + strings.Join(d.Unequal, ", ") +
			". Equal plans give equal bytes, but for xfs and btrfs and what a provisioner brings along."
	}
	if d.IsEmpty() {
		v.Same = "Nothing changed."
		if d.SamePlan && hasSums(record) {
			v.Same = "Nothing changed: the same plan, the same bytes."
		}
		return v
	}
	for _, f := range d.Facts {
		v.Facts.add(changeRow{Kind: Changed, Name: f.Name, Old: f.Old, New: f.New})
	}
	for _, i := range d.Images {
		v.Images.add(imageChange(i))
	}
	for _, p := range d.Packages {
		row := changeRow{Kind: p.Kind, Name: p.Name, Old: p.Old, New: p.New}
		if p.Architecture != in.Plan.Target.Architecture && p.Architecture != "all" {
			row.Note = p.Architecture
		}
		if p.Grown != 0 {
			row.Grown = growth(p.Grown)
		}
		v.Packages.add(row)
	}
	for _, s := range d.Settings {
		v.Settings.add(settingChange(s))
	}
	for _, p := range d.Partitions {
		for _, row := range partitionChange(p) {
			v.Partitions.add(row)
		}
	}
	for _, t := range []*changeTable{&v.Facts, &v.Images, &v.Packages, &v.Settings, &v.Partitions} {
		t.sort()
	}
	return v
}

func hasSums(r Record) bool {
	return len(r.Images) > 0 && !slices.ContainsFunc(r.Images, func(i RecordedImage) bool { return i.SHA256 == "" })
}

func imageChange(c ImageChange) changeRow {
	row := changeRow{Kind: c.Kind, Name: c.New.Name, Note: c.New.Format}
	describe := func(i RecordedImage) string {
		if i.Size <= 0 {
			return i.Name
		}
		if i.VirtualSize > 0 && i.VirtualSize != i.Size && c.Old.VirtualSize != c.New.VirtualSize {
			return size(i.Size) + " (disk " + size(i.VirtualSize) + ")"
		}
		return size(i.Size)
	}
	switch c.Kind {
	case Added:
		row.New = describe(c.New)
	case Removed:
		row.Name, row.Note, row.Old = c.Old.Name, c.Old.Format, describe(c.Old)
	default:
		row.Old, row.New = describe(c.Old), describe(c.New)
		if c.Old.Name != c.New.Name {
			row.Note += ", was " + c.Old.Name
		}
		if c.Old.Size > 0 && c.New.Size > 0 {
			row.Grown = growth(c.New.Size - c.Old.Size)
		}
		if c.Old.Size == c.New.Size && c.Old.SHA256 != c.New.SHA256 {
			row.Old, row.New, row.Grown = "", "the same size, other bytes", ""
		}
	}
	return row
}

func settingChange(c SettingChange) changeRow {
	row := changeRow{Kind: c.Kind, Name: c.Path}
	switch {
	case c.Reordered:
		row.New = "another order"
	case c.Kind == Changed && c.Old.Secret && c.New.Secret:
		row.New = "changed (secret)"
	default:
		if c.Kind != Added {
			row.Old = c.Old.text()
		}
		if c.Kind != Removed {
			row.New = c.New.text()
		}
		if row.Old == row.New {
			row.Old, row.New = "", "changed, "+row.New
		}
	}
	return row
}

// text is a setting for people.
func (s Setting) text() string {
	switch {
	case s.Secret:
		return "(secret)"
	case s.Fingerprint != "" && s.Lines > 1:
		return fmt.Sprintf("%s, %s", things(s.Lines, "line"), size(int64(s.Bytes)))
	case s.Fingerprint != "":
		return size(int64(s.Bytes)) + " of text"
	case s.Text == "":
		return "(empty)"
	}
	return clean(s.Text)
}

func partitionChange(c PartitionChange) []changeRow {
	describe := func(p RecordedPartition) string {
		return strings.Join(nonEmpty(size(p.Size), p.Filesystem, p.Mount), ", ")
	}
	name := fmt.Sprintf("partition %d", c.Number)
	switch c.Kind {
	case Added:
		return []changeRow{{Kind: Added, Name: name, New: describe(c.New)}}
	case Removed:
		return []changeRow{{Kind: Removed, Name: name, Old: describe(c.Old)}}
	}
	var rows []changeRow
	for _, f := range c.Fields {
		rows = append(rows, changeRow{Kind: Changed, Name: name + ": " + f.Name, Old: f.Old, New: f.New})
	}
	return rows
}
