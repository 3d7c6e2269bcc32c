package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// diskView is the disk as it lies.
type diskView struct {
	// Summary says in words what it is.
	Summary string
	Strip   strip
	Rows    []diskRow
	// Used: that of some partition is known.
	Used bool
}

// diskRow is a partition, or room that no partition has, in the table below the drawing.
type diskRow struct {
	Number                 string // empty for room
	Class                  string
	Use, Filesystem, Start string
	Size                   string
	Used, UsedShare, Bar   string // empty where it is not known
}

// Colours of parts by what they are for.
const (
	classRoot, classESP, classBoot, classBIOS, classSwap, classData, classFree = "root", "esp", "boot", "bios", "swap", "data", "free"
)

// slack is what alignment and a GPT's copy leave between and behind partitions, and is not worth a word.
const slack = 2 << 20

func newDiskView(p plan.Plan, used map[int]int64) *diskView {
	d := p.Disk
	if d.Size <= 0 || len(d.Partitions) == 0 {
		return nil
	}
	v := &diskView{}
	v.Summary = fmt.Sprintf("%s (%s) with a %s of %s, in sectors of %d bytes.", size(d.Size), exact(d.Size), tableName(d.Table),
		things(len(d.Partitions), "partition"), d.SectorSize)
	if d.GrowRoot {
		v.Summary += " On the node the root grows into the room behind it."
	}
	var pieces []piece
	room := func(start, end int64) {
		if end-start < slack {
			pieces = append(pieces, piece{bytes: max(end-start, 0)})
			return
		}
		pieces = append(pieces, piece{class: classFree, label: "not in use", title: "not in use, " + size(end-start), bytes: end - start})
		v.Rows = append(v.Rows, diskRow{Class: classFree, Use: "not in use", Start: size(start), Size: size(end - start)})
	}
	inOrder := slices.SortedStableFunc(slices.Values(d.Partitions), func(a, b plan.Partition) int { return cmp.Compare(a.Start, b.Start) })
	var at int64
	for _, p := range inOrder {
		room(at, p.Start)
		row := diskRow{
			Number: strconv.Itoa(p.Number), Class: class(d, p), Use: use(d, p), Filesystem: filesystem(p),
			Start: size(p.Start), Size: size(p.Size),
		}
		one := piece{class: row.Class, key: row.Number, label: row.Use, bytes: p.Size}
		one.title = strings.Join(nonEmpty(row.Number+": "+row.Use, row.Filesystem, row.Size), ", ")
		if one.used, one.known = used[p.Number]; one.known {
			v.Used = true
			row.Used, row.UsedShare, row.Bar = size(one.used), share(one.used, p.Size), percent(float64(one.used), float64(p.Size))
			one.title += ", " + row.UsedShare + " used"
		}
		pieces, v.Rows = append(pieces, one), append(v.Rows, row)
		at = max(at, p.Start+p.Size)
	}
	room(at, d.Size)
	v.Strip = newStrip("The disk, "+size(d.Size), pieces)
	return v
}

func class(d plan.Disk, p plan.Partition) string {
	esp, _ := d.ESP()
	switch {
	case p.Number == esp.Number:
		return classESP
	case p.Type == plan.TypeBIOSBoot:
		return classBIOS
	case p.Swap != "":
		return classSwap
	case p.Mount == nil:
		return classData
	case p.Mount.Path == "/":
		return classRoot
	case p.Mount.Path == "/boot":
		return classBoot
	}
	return classData
}

// use is what a partition is for: where it is mounted, or what it is.
func use(d plan.Disk, p plan.Partition) string {
	switch kind := class(d, p); {
	case p.Mount != nil:
		return p.Mount.Path
	case kind == classBIOS:
		return "BIOS boot"
	case kind == classESP:
		return "ESP"
	case kind == classSwap:
		return "swap"
	}
	return cmp.Or(p.Name, "not mounted")
}

func filesystem(p plan.Partition) string {
	if p.Filesystem == nil {
		return ""
	}
	return p.Filesystem.Type
}

// nonEmpty are those of texts that are not empty.
func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}
