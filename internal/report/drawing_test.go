package report

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
)

func TestFormat(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 1 << 20: "1 MiB", 1<<20 - 1: "1.0 MiB", 19 << 30: "19 GiB", 19053674496: "17.7 GiB", 210_583_040: "201 MiB",
		-4096: "−4 KiB", math.MaxInt64: "8 EiB",
	} {
		assert.Equal(t, strings.ReplaceAll(want, " ", nbsp), size(n), "%d", n)
	}
	for seconds, want := range map[float64]string{
		0: "0 s", -1: "0 s", math.NaN(): "0 s", 0.001: "< 0.1 s", 0.25: "0.2 s", 59.94: "59.9 s", 59.96: "1 min 0 s", 175: "2 min 55 s", 3600: "1 h 0 min", 1e300: "277777 h 46 min",
	} {
		assert.Equal(t, strings.ReplaceAll(want, " ", nbsp), strings.ReplaceAll(duration(seconds), " ", nbsp), "%f", seconds)
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "−1,234,567"} {
		assert.Equal(t, want, count(n))
	}
	assert.Equal(t, []string{"1 file", "2 files", "0 entries"}, []string{things(1, "file"), things(2, "file"), things(0, "entry")})
	assert.Equal(t, []string{"0\u00a0%", "<\u00a00.1\u00a0%", "3.1\u00a0%", "100\u00a0%"}, []string{share(1, 0), share(1, 10_000), share(31, 1000), share(5, 5)})
	assert.Equal(t, []string{"0", "50%", "100%", "0.021%"}, []string{percent(0, 0), percent(1, 2), percent(3, 2), percent(4, 19456)})
	assert.Equal(t, "1,024\u00a0MiB", exact(1<<30))
	assert.Equal(t, "a\nb", clean("a\x1b\x00\n\x7fb"))
	assert.Equal(t, "&lt;a/<wbr>b&gt;/", string(soft("<a/b>/")))
	assert.Equal(t, []string{"&lt;a/b&gt;", "/usr/<wbr>lib/<wbr>systemd"}, []string{string(cell("<a/b>")), string(cell("/usr/lib/systemd"))})
	assert.Equal(t, []string{"short", "", "long", ""}, []string{width("a"), width("one word and others"), width(sum), width("a\nb")})
}

func places(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	require.NoError(t, err)
	return n
}

// The strip to scale is to scale, and everything is wide enough below.
func TestStrip(t *testing.T) {
	in := realistic(t)
	v := newDiskView(in.Plan, in.Used)
	require.Len(t, v.Strip.Parts, 4)
	byNumber := map[string]stripPart{}
	wide := 0.0
	for i, p := range v.Strip.Parts {
		byNumber[p.Key] = p
		assert.InDelta(t, wide, places(t, p.WideX), 0.01)
		assert.Greater(t, places(t, p.WideW), 13.0)
		wide += places(t, p.WideW)
		if i > 0 {
			assert.Greater(t, places(t, p.X), places(t, v.Strip.Parts[i-1].X), "in disk order")
		}
	}
	assert.InDelta(t, 100, wide, 0.01)
	for _, p := range in.Plan.Disk.Partitions {
		part := byNumber[strconv.Itoa(p.Number)]
		assert.InDelta(t, 100*float64(p.Start)/float64(in.Plan.Disk.Size), places(t, part.X), 0.001)
		assert.InDelta(t, 100*float64(p.Size)/float64(in.Plan.Disk.Size), places(t, part.W), 0.001)
	}
	assert.Equal(t, "2", v.Strip.Parts[0].Key)
	assert.Empty(t, v.Strip.Parts[0].Used, "not known")
	assert.Equal(t, "19\u00a0GiB", v.Strip.Ticks[len(v.Strip.Ticks)-1].Label)
	for _, total := range []int64{1, 2, 512, 1 << 20, 300 << 20, 999 << 20, 8 << 40, math.MaxInt64} {
		n := len(ticks(total))
		assert.True(t, n >= 2 && n <= 11, "%d ticks for %d", n, total)
	}
}

// Room that no partition has is shown, what alignment leaves is not.
func TestRoom(t *testing.T) {
	in := small()
	v := newDiskView(in.Plan, nil)
	var uses []string
	for _, row := range v.Rows {
		uses = append(uses, row.Number+" "+row.Use)
	}
	assert.Equal(t, []string{"2 BIOS boot", " not in use", "1 /", " not in use"}, uses)
	assert.False(t, v.Used)
}

func FuzzSquarify(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint16(100), uint16(50))
	f.Add([]byte{255, 1, 1, 1, 1, 1, 1}, uint16(680), uint16(420))
	f.Fuzz(func(t *testing.T, data []byte, width, height uint16) {
		var sizes []float64
		var total float64
		for _, b := range data {
			sizes = append(sizes, float64(b)+1)
			total += float64(b) + 1
		}
		if len(sizes) == 0 || width == 0 || height == 0 {
			return
		}
		all := rectangle{w: float64(width), h: float64(height)}
		area := all.w * all.h
		for i, r := range squarify(sizes, all) {
			assert.InDelta(t, sizes[i]/total, r.w*r.h/area, 1e-6, "the area of %d", i)
			assert.True(t, r.x >= -1e-6 && r.y >= -1e-6 && r.x+r.w <= all.w*(1+1e-6) && r.y+r.h <= all.h*(1+1e-6), "%v lies outside", r)
		}
	})
}

func TestTreemap(t *testing.T) {
	var inv inventory.Inventory
	inv.Bytes = 1000
	for path, bytes := range map[string]int64{"/usr": 900, "/usr/lib": 800, "/usr/lib/x": 300, "/usr/share": 100, "boot": 60, "/": 1000, "/etc": 3, "/a/b/c": 40} {
		inv.Directories = append(inv.Directories, inventory.Directory{Path: path, Bytes: bytes, Files: 1})
	}
	area, classes := 0.0, map[string]string{}
	for _, tile := range newTreemap(newFolder(inv), wideWidth, 420).Tiles {
		area += places(t, tile.W) * places(t, tile.H) / 100
		name, _, _ := strings.Cut(tile.Title, ", ")
		classes[name] = tile.Class
	}
	assert.InDelta(t, 100, area, 1)
	assert.Equal(t, map[string]string{
		"/usr/lib/x": "g1", "/usr/lib (rest)": "g6", "/usr/share": "g2", "/boot": "g3", "/a/b/c": "g4", "/ (rest)": "g6",
	}, classes)
	assert.Empty(t, newTreemap(newFolder(inventory.Inventory{Bytes: 5}), 1, 1).Tiles)

	v := newFoldersView(inv)
	var rows []string
	for _, row := range v.Rows {
		rows = append(rows, strings.Repeat(" ", row.Depth)+row.Name)
	}
	assert.Equal(t, []string{" /usr", "  /usr/lib", "   /usr/lib/x", "  /usr/share", " /boot", " /a/b/c"}, rows)
}
