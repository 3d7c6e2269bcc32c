package report

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
)

// folder is a directory with those below it.
type folder struct {
	path    string
	bytes   int64
	files   int
	folders []*folder // the largest first
}

// newFolder makes a tree of an inventory's directories, whose root stands for all of it.
func newFolder(inv inventory.Inventory) *folder {
	root := &folder{path: "/", bytes: inv.Bytes, files: inv.Files}
	known := map[string]*folder{"/": root}
	sorted := slices.SortedFunc(slices.Values(inv.Directories), func(a, b inventory.Directory) int { return cmp.Compare(a.Path, b.Path) })
	for _, d := range sorted {
		name := path.Clean("/" + d.Path)
		if known[name] != nil {
			continue
		}
		one := &folder{path: name, bytes: d.Bytes, files: d.Files}
		known[name] = one
		above := path.Dir(name)
		for known[above] == nil {
			above = path.Dir(above)
		}
		known[above].folders = append(known[above].folders, one)
	}
	for _, f := range known {
		slices.SortStableFunc(f.folders, func(a, b *folder) int {
			return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.path, b.path))
		})
	}
	root.bytes = max(root.bytes, root.below())
	return root
}

// below are the bytes of the directories in f.
func (f *folder) below() int64 {
	var sum int64
	for _, one := range f.folders {
		sum += one.bytes
	}
	return sum
}

// rectangle has its place and size in pixels of a drawing.
type rectangle struct{ x, y, w, h float64 }

// tile is a directory, or what is left of one, in the map of all.
type tile struct {
	Class      string
	Title      string
	X, Y, W, H string // per cent
	// Lines of text that have room, the name first.
	Lines []string
}

// treemap draws directories as areas: a map for a width and a height in pixels.
type treemap struct {
	width, height float64
	total         int64
	colors        map[string]string // of groups, by their paths
	Tiles         []tile
}

// smallest share of all that an area of its own shows.
const smallest = 0.006

func newTreemap(root *folder, width, height float64) treemap {
	m := treemap{width: width, height: height, total: root.bytes, colors: map[string]string{}}
	if root.bytes > 0 && len(root.folders) > 0 {
		groups := root.groups(root.bytes)
		slices.SortStableFunc(groups, func(a, b *folder) int { return cmp.Compare(b.bytes, a.bytes) })
		for i, g := range groups {
			m.colors[g.path] = group(i)
		}
		m.divide(root, rectangle{w: width, h: height}, "")
	}
	return m
}

// groups are the directories that have a colour. What has more than half of all would give it to nearly everything:
// those in it have one each.
func (f *folder) groups(total int64) []*folder {
	var all []*folder
	for _, one := range f.folders {
		if one.bytes > total/2 && len(one.folders) > 0 {
			all = append(all, one.groups(total)...)
		} else {
			all = append(all, one)
		}
	}
	return all
}

// group is the colour of the one at a place, of which the first have one of their own.
func group(i int) string { return "g" + string('1'+rune(min(i, 5))) }

// leastGroup is the colour of what is in no group.
const leastGroup = "g6"

// divide fills r with what is in f.
func (m *treemap) divide(f *folder, r rectangle, class string) {
	var inside []*folder
	rest := f.bytes
	for _, one := range f.folders {
		if float64(one.bytes) >= smallest*float64(m.total) {
			inside, rest = append(inside, one), rest-one.bytes
		}
	}
	if len(inside) == 0 {
		m.tile(r, cmp.Or(class, leastGroup), f.path, "", f.bytes)
		return
	}
	sizes := make([]float64, 0, len(inside)+1)
	for _, one := range inside {
		sizes = append(sizes, float64(one.bytes))
	}
	if rest > 0 {
		sizes = append(sizes, float64(rest))
	}
	for i, place := range squarify(sizes, r) {
		if i == len(inside) {
			m.tile(place, cmp.Or(class, leastGroup), f.path, " (rest)", rest)
			continue
		}
		m.divide(inside[i], place, cmp.Or(class, m.colors[inside[i].path]))
	}
}

// tile adds a directory, or with an ending what is left of it.
func (m *treemap) tile(r rectangle, class, name, ending string, bytes int64) {
	if r.w < 1 || r.h < 1 {
		return
	}
	t := tile{
		Class: class, Title: name + ending + ", " + size(bytes) + ", " + share(bytes, m.total),
		X: length(100 * r.x / m.width), Y: length(100 * r.y / m.height),
		W: length(100 * r.w / m.width), H: length(100 * r.h / m.height),
	}
	fits := func(text string) bool { return float64(len([]rune(text)))*characterWidth+12 < r.w }
	const lineHeight = 17
	for _, label := range labels(name, ending) {
		if !fits(label) || r.h <= lineHeight+6 {
			continue
		}
		t.Lines = append(t.Lines, label)
		if text := size(bytes); fits(text) && r.h > 2*lineHeight+6 {
			t.Lines = append(t.Lines, text)
		}
		break
	}
	m.Tiles = append(m.Tiles, t)
}

// labels of a directory, the longest first: its end says enough where the whole has no room.
func labels(name, ending string) []string {
	short, above := path.Base(name), path.Base(path.Dir(name))
	all := []string{name + ending}
	if above != "/" {
		all = append(all, "\u2026/"+above+"/"+short+ending)
	}
	return append(all, "\u2026/"+short+ending, short+ending, strings.Trim(cmp.Or(ending, short), " ()"))
}

// squarify fills r with areas in proportion to sizes, each as near to a square as may be: Bruls, Huizing and van
// Wijk, "Squarified Treemaps" (2000). Sizes are greater than 0; the places are in their order.
func squarify(sizes []float64, r rectangle) []rectangle {
	var sum float64
	for _, s := range sizes {
		sum += s
	}
	scale := r.w * r.h / sum
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	places := make([]rectangle, len(sizes))
	for len(order) > 0 {
		side := min(r.w, r.h)
		row, area := 1, sizes[order[0]]*scale
		for row < len(order) {
			next := sizes[order[row]] * scale
			largest := sizes[order[0]] * scale
			if worst(largest, next, area+next, side) > worst(largest, sizes[order[row-1]]*scale, area, side) {
				break
			}
			row, area = row+1, area+next
		}
		// The row lies along the shorter side.
		at, deep := 0.0, area/side
		for _, i := range order[:row] {
			long := sizes[i] * scale / deep
			if r.w >= r.h {
				places[i] = rectangle{x: r.x, y: r.y + at, w: deep, h: long}
			} else {
				places[i] = rectangle{x: r.x + at, y: r.y, w: long, h: deep}
			}
			at += long
		}
		if r.w >= r.h {
			r.x, r.w = r.x+deep, r.w-deep
		} else {
			r.y, r.h = r.y+deep, r.h-deep
		}
		order = order[row:]
		if r.w <= 0 || r.h <= 0 {
			break // nothing but rounding is left
		}
	}
	return places
}

// worst is the largest ratio of sides in a row of areas.
func worst(largest, least, sum, side float64) float64 {
	s, a := side*side, sum*sum
	return max(s*largest/a, a/(s*least))
}
