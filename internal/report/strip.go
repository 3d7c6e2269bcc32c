package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// strip is a thing drawn twice: to scale, and below with each part wide enough to be seen. Lines lead from one to the
// other. Places are per cent of the width, so that texts have the same size on every screen.
type strip struct {
	Title, Description string
	Ticks              []tick
	Parts              []stripPart
}

// tick is a mark of the scale.
type tick struct {
	X, Anchor, Label string
	// Wide: a phone has no room for it.
	Wide bool
}

// stripPart is one part, in order.
type stripPart struct {
	Class   string // of the colour
	Key     string // what the table below knows it by; empty: none
	Label   string
	Title   string // all that is to say
	X, W    string // in the strip to scale
	Used    string // of W; empty where it is not known
	To      string // the right end, X and W
	WideX   string // in the wide strip
	WideW   string
	WideTo  string
	WideUse string // of this part; empty where it is not known
	// Fits: its label has room on a wide screen; Small: on a phone, too.
	Fits, Small bool
}

// piece is what a strip is made of. One without a title takes room and is not drawn.
type piece struct {
	class, key, label, title string
	bytes                    int64
	used                     int64
	known                    bool // used is
}

// Widths in pixels that a strip has at least, where the page is wide and on a phone, and of a character of a label.
const (
	wideWidth, phoneWidth = 680.0, 300.0
	characterWidth        = 7.0
)

// newStrip lays out pieces that fill a whole.
func newStrip(title string, pieces []piece) strip {
	s := strip{Title: title}
	var total int64
	var roots, parts float64
	for _, p := range pieces {
		total += p.bytes
		if p.title != "" {
			roots += math.Sqrt(float64(p.bytes))
			parts++
		}
	}
	if total <= 0 || parts == 0 {
		return s
	}
	s.Ticks = ticks(total)
	// Each is as wide as it takes to be read; the rest goes to the large ones.
	least := min(14, 70/parts)
	var at int64
	var wideAt float64
	for _, p := range pieces {
		if p.title == "" {
			at += p.bytes
			continue
		}
		wide := least
		if roots > 0 {
			wide += (100 - least*parts) * math.Sqrt(float64(p.bytes)) / roots
		}
		part := stripPart{
			Class: p.class, Key: p.key, Label: p.label, Title: p.title,
			X: percent(float64(at), float64(total)), W: percent(float64(p.bytes), float64(total)), To: percent(float64(at+p.bytes), float64(total)),
			WideX: length(wideAt), WideW: length(wide), WideTo: length(wideAt + wide),
		}
		if p.known {
			part.Used = percent(float64(min(p.used, p.bytes)), float64(total))
			part.WideUse = percent(float64(p.used), float64(p.bytes))
		}
		room := func(width float64) bool {
			return wide/100*width > characterWidth*float64(len([]rune(p.label)))+12
		}
		part.Fits, part.Small = room(wideWidth), room(phoneWidth)
		s.Parts = append(s.Parts, part)
		at, wideAt = at+p.bytes, wideAt+wide
		s.Description = strings.Join(nonEmpty(s.Description, p.title), "; ")
	}
	return s
}

// ticks are at round sizes, some five of them, and at the end.
func ticks(total int64) []tick {
	unit, name := int64(1), "B"
	for _, next := range units {
		if total/unit < 2048 {
			break
		}
		unit, name = unit*1024, next
	}
	whole := float64(total) / float64(unit)
	step := math.Pow(10, math.Floor(math.Log10(whole)))
	for _, finer := range []float64{0.5, 0.4, 0.5} { // 5, 2, 1
		if whole/step >= 4 {
			break
		}
		step *= finer
	}
	if step < 1 {
		step = 1
	}
	all := []tick{{X: "0", Anchor: "start", Label: "0"}}
	for at, i := step, 1; at < whole*0.88; at, i = at+step, i+1 {
		all = append(all, tick{
			X: length(100 * at / whole), Anchor: "middle", Label: strconv.FormatFloat(at, 'f', -1, 64), Wide: i%2 == 1 || at > whole*0.7,
		})
	}
	return append(all, tick{X: "100%", Anchor: "end", Label: fmt.Sprintf("%s%s%s", trimmed(whole), nbsp, name)})
}

// trimmed is a number with one digit after the point, where that is not 0.
func trimmed(n float64) string {
	if rounded := math.Round(n*10) / 10; rounded != math.Trunc(rounded) && n < 100 {
		return strconv.FormatFloat(rounded, 'f', 1, 64)
	}
	return strconv.FormatFloat(math.Round(n), 'f', 0, 64)
}
