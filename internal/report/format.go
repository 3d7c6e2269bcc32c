package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

var units = []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// size is bytes for people, three digits or so.
func size(n int64) string {
	if n < 0 {
		return "\u2212" + size(-n)
	}
	if n < 1024 {
		return strconv.FormatInt(n, 10) + nbsp + "B"
	}
	value, unit := float64(n)/1024, 0
	// 1023.95 is written as 1024.0.
	for value >= 1023.95 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	digits := 1
	if value >= 99.95 || value == math.Trunc(value) {
		digits = 0
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + nbsp + units[unit]
}

// exact is bytes without loss: partitions are whole MiB.
func exact(n int64) string {
	if n != 0 && n%(1<<20) == 0 {
		return count(n>>20) + nbsp + "MiB"
	}
	return count(n) + nbsp + "bytes"
}

// growth is a difference in bytes, with its sign.
func growth(n int64) string {
	switch {
	case n > 0:
		return "+" + size(n)
	case n < 0:
		return size(n)
	}
	return "\u00b10"
}

// count is a number with a comma at thousands.
func count[N int | int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "\u2212", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// things is a number of them: 1 package, 2 packages.
func things(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if stem, is := strings.CutSuffix(one, "y"); is {
		return count(n) + " " + stem + "ies"
	}
	return count(n) + " " + one + "s"
}

// duration is seconds for people.
func duration(seconds float64) string {
	if !(seconds > 0) { // neither is NaN
		return "0" + nbsp + "s"
	}
	if seconds < 0.05 {
		return "<" + nbsp + "0.1" + nbsp + "s"
	}
	if seconds < 59.95 {
		return strconv.FormatFloat(seconds, 'f', 1, 64) + nbsp + "s"
	}
	whole := time.Duration(math.Round(min(seconds, 1e9))) * time.Second
	hours, minutes, rest := int(whole.Hours()), int(whole.Minutes())%60, int(whole.Seconds())%60
	if hours > 0 {
		return fmt.Sprintf("%d%sh %d%smin", hours, nbsp, minutes, nbsp)
	}
	return fmt.Sprintf("%d%smin %d%ss", minutes, nbsp, rest, nbsp)
}

// share is a part of a whole in per cent, for people.
func share(part, whole int64) string {
	if whole <= 0 || part <= 0 {
		return "0" + nbsp + "%"
	}
	switch p := 100 * float64(part) / float64(whole); {
	case p < 0.1:
		return "<" + nbsp + "0.1" + nbsp + "%"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + nbsp + "%"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + nbsp + "%"
	}
}

// percent is a part of a whole as a length in an SVG, at most all of it.
func percent(part, whole float64) string {
	if !(whole > 0) || !(part > 0) {
		return "0"
	}
	return length(min(part/whole, 1) * 100)
}

// length is per cent of the drawing.
func length(p float64) string {
	text := strconv.FormatFloat(p, 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// joining are characters behind which a line may be broken.
const joining = "_./,]"

// soft is text that may be broken behind what joins its words. It is escaped.
func soft(text string) template.HTML {
	var b strings.Builder
	for i, r := range text {
		b.WriteString(template.HTMLEscapeString(string(r)))
		if strings.ContainsRune(joining, r) && 0 < i && i+1 < len(text) {
			b.WriteString("<wbr>")
		}
	}
	return template.HTML(b.String())
}

// long says that a text has a word that is to be broken anywhere: it would make its column wider than a page has
// room for.
func long(text string) bool {
	const longest = 20
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(joining+"-", r) }),
		func(word string) bool { return len(word) > longest })
}

// width is the class of a cell: short, whose text is not to be broken, or long, see there; empty for others.
func width(text string) string {
	const shortest = 14
	switch {
	case long(text):
		return "long"
	case len(text) <= shortest && !strings.Contains(text, "\n"):
		return "short"
	}
	return ""
}

// cell is a cell's text: one that is short is broken nowhere.
func cell(text string) template.HTML {
	if width(text) == "short" {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return soft(text)
}

// clean is text without control characters: consoles are coloured with them.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}
