package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// Kind of a change.
type Kind string

// Kinds of changes. A package is upgraded, downgraded or rebuilt (another text of the same version) where others
// are changed.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Changed    Kind = "changed"
	Upgraded   Kind = "upgraded"
	Downgraded Kind = "downgraded"
)

// Difference is what changed between two builds.
type Difference struct {
	Facts      []FactChange      // the target, the tools, the disk as a whole
	Packages   []PackageChange   // sorted by name, then architecture
	Settings   []SettingChange   // sorted by path
	Cmdline    []Word            // both command lines in one; nil where they are equal
	Partitions []PartitionChange // by number
	Images     []ImageChange     // in the new order, those that are gone last
	// SamePlan: nothing that decides the image's bytes changed.
	SamePlan bool
	// Unequal are the formats whose files differ though the plan is the same.
	Unequal []string
}

// FactChange is one of a value that every build has. Either may be empty.
type FactChange struct{ Name, Old, New string }

// PackageChange is one of a package.
type PackageChange struct {
	Kind               Kind
	Name, Architecture string
	Old, New           string // versions
	// Grown is by how many bytes its files take more, where both builds know.
	Grown int64
}

// SettingChange is one of a variable's value.
type SettingChange struct {
	Kind Kind
	Path string
	// Reordered: the elements of the list at Path are the same in another order.
	Reordered bool
	Old, New  Setting
}

// Word is one of a command line; Kind is empty for what both have.
type Word struct {
	Kind Kind
	Text string
}

// PartitionChange is one of a partition.
type PartitionChange struct {
	Kind     Kind
	Number   int
	Old, New RecordedPartition
	// Fields that differ, where it is in both.
	Fields []FactChange
}

// ImageChange is one of a file, known by its format.
type ImageChange struct {
	Kind     Kind
	Old, New RecordedImage
}

// Changes between two builds of a profile.
func Changes(old, new Record) Difference {
	d := Difference{
		Facts:      facts(old, new),
		Packages:   packageChanges(old.Packages, new.Packages),
		Settings:   settingChanges(old.Settings, new.Settings),
		Partitions: partitionChanges(old.Disk, new.Disk),
		Images:     imageChanges(old.Images, new.Images),
		SamePlan:   old.Plan == new.Plan,
	}
	if !slices.Equal(old.Cmdline, new.Cmdline) {
		d.Cmdline = words(old.Cmdline, new.Cmdline)
	}
	for _, c := range d.Images {
		if d.SamePlan && c.Kind == Changed && c.Old.SHA256 != "" && c.New.SHA256 != "" && c.Old.SHA256 != c.New.SHA256 {
			d.Unequal = append(d.Unequal, c.New.Format)
		}
	}
	return d
}

// IsEmpty says that nothing changed.
func (d Difference) IsEmpty() bool {
	return len(d.Facts)+len(d.Packages)+len(d.Settings)+len(d.Cmdline)+len(d.Partitions)+len(d.Images) == 0
}

// Count of packages that changed in a way.
func (d Difference) Count(kind Kind) int {
	count := 0
	for _, p := range d.Packages {
		if p.Kind == kind {
			count++
		}
	}
	return count
}

func facts(old, new Record) []FactChange {
	var all []FactChange
	compare := func(name, old, new string) {
		if old != new {
			all = append(all, FactChange{Name: name, Old: old, New: new})
		}
	}
	compare("Action", old.Action, new.Action)
	compare("Platform", old.Target.Platform, new.Target.Platform)
	compare("Architecture", old.Target.Architecture, new.Target.Architecture)
	compare("Distribution", old.Target.Distribution, new.Target.Distribution)
	compare("Suite", old.Target.Suite, new.Target.Suite)
	compare("Host name", old.Hostname, new.Hostname)
	compare("Disk", old.Disk.text(), new.Disk.text())
	compare("Plugin", old.Plugin, new.Plugin)
	compare("Packer", old.Packer, new.Packer)
	return all
}

// text is a disk without its partitions; empty where there is none.
func (d RecordedDisk) text() string {
	if d.Size == 0 {
		return ""
	}
	return fmt.Sprintf("%s, %s, sectors of %d bytes", size(d.Size), tableName(d.Table), d.SectorSize)
}

func packageChanges(old, new map[string]RecordedPackage) []PackageChange {
	var all []PackageChange
	for key, was := range old {
		change := PackageChange{Kind: Removed, Old: was.Version}
		change.Name, change.Architecture, _ = strings.Cut(key, ":")
		is, there := new[key]
		if there {
			if is.Version == was.Version {
				continue
			}
			change.New, change.Kind = is.Version, Changed
			switch order := repository.CompareVersions(was.Version, is.Version); {
			case order < 0:
				change.Kind = Upgraded
			case order > 0:
				change.Kind = Downgraded
			}
		}
		if was.Bytes > 0 && (is.Bytes > 0 || !there) {
			change.Grown = is.Bytes - was.Bytes
		}
		all = append(all, change)
	}
	for key, is := range new {
		if _, there := old[key]; !there {
			name, architecture, _ := strings.Cut(key, ":")
			all = append(all, PackageChange{Kind: Added, Name: name, Architecture: architecture, New: is.Version, Grown: is.Bytes})
		}
	}
	slices.SortFunc(all, func(a, b PackageChange) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Architecture, b.Architecture))
	})
	return all
}

func settingChanges(old, new map[string]Setting) []SettingChange {
	paths := map[string]bool{}
	for path := range old {
		paths[path] = old[path] != new[path]
	}
	for path := range new {
		paths[path] = old[path] != new[path]
	}
	// A list whose elements changed has another order, too.
	touched := func(list string) bool {
		for path, changed := range paths {
			if changed && strings.HasPrefix(path, list+"[") && !strings.HasSuffix(path, orderEnding) {
				return true
			}
		}
		return false
	}
	var all []SettingChange
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if !paths[path] {
			continue
		}
		was, had := old[path]
		is, has := new[path]
		change := SettingChange{Kind: Changed, Path: path, Old: was, New: is}
		if list, order := strings.CutSuffix(path, orderEnding); order {
			if !touched(list) {
				all = append(all, SettingChange{Kind: Changed, Path: list, Reordered: true})
			}
			continue
		}
		switch {
		case !had:
			change.Kind = Added
		case !has:
			change.Kind = Removed
		}
		all = append(all, change)
	}
	return all
}

// words is the shortest way from one command line to the other: a longest common subsequence stays.
func words(old, new []string) []Word {
	// common[i][j] is the length of the longest of old[i:] and new[j:].
	common := make([][]int, len(old)+1)
	for i := range common {
		common[i] = make([]int, len(new)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			if old[i] == new[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var all []Word
	for i, j := 0, 0; i < len(old) || j < len(new); {
		switch {
		case i < len(old) && j < len(new) && old[i] == new[j]:
			all = append(all, Word{Text: old[i]})
			i, j = i+1, j+1
		case j == len(new) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			all = append(all, Word{Kind: Removed, Text: old[i]})
			i++
		default:
			all = append(all, Word{Kind: Added, Text: new[j]})
			j++
		}
	}
	return all
}

func partitionChanges(old, new RecordedDisk) []PartitionChange {
	was, is := byNumber(old), byNumber(new)
	var all []PartitionChange
	for number, p := range was {
		if _, there := is[number]; !there {
			all = append(all, PartitionChange{Kind: Removed, Number: number, Old: p})
		}
	}
	for number, p := range is {
		before, there := was[number]
		if !there {
			all = append(all, PartitionChange{Kind: Added, Number: number, New: p})
			continue
		}
		if fields := partitionFields(before, p); len(fields) > 0 {
			all = append(all, PartitionChange{Kind: Changed, Number: number, Old: before, New: p, Fields: fields})
		}
	}
	slices.SortFunc(all, func(a, b PartitionChange) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

func byNumber(d RecordedDisk) map[int]RecordedPartition {
	all := map[int]RecordedPartition{}
	for _, p := range d.Partitions {
		all[p.Number] = p
	}
	return all
}

func partitionFields(old, new RecordedPartition) []FactChange {
	var all []FactChange
	compare := func(name, old, new string) {
		if old != new {
			all = append(all, FactChange{Name: name, Old: old, New: new})
		}
	}
	compare("name", old.Name, new.Name)
	if old.Start != new.Start {
		compare("start", exact(old.Start), exact(new.Start))
	}
	if old.Size != new.Size {
		compare("size", exact(old.Size), exact(new.Size))
	}
	compare("file system", old.Filesystem, new.Filesystem)
	compare("mounted at", old.Mount, new.Mount)
	compare("options", old.Options, new.Options)
	return all
}

func imageChanges(old, new []RecordedImage) []ImageChange {
	find := func(images []RecordedImage, format string) (RecordedImage, bool) {
		at := slices.IndexFunc(images, func(i RecordedImage) bool { return i.Format == format })
		if at < 0 {
			return RecordedImage{}, false
		}
		return images[at], true
	}
	var all []ImageChange
	for _, is := range new {
		switch was, there := find(old, is.Format); {
		case !there:
			all = append(all, ImageChange{Kind: Added, New: is})
		case was != is:
			all = append(all, ImageChange{Kind: Changed, Old: was, New: is})
		}
	}
	for _, was := range old {
		if _, there := find(new, was.Format); !there {
			all = append(all, ImageChange{Kind: Removed, Old: was})
		}
	}
	return all
}

// tableName is a partition table's as people write it.
func tableName(table string) string {
	switch table {
	case plan.GPT:
		return "GPT"
	case plan.MBR:
		return "MBR"
	}
	return table
}
