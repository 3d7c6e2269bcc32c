package mistake

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// longestName bounds the names that a near one is looked for, in characters: the time grows with their
// square, and what is longer is no name with a slip in it.
const longestName = 128

// Near is the name among known that was probably meant by name: at most a letter in four is
// wrong, or the end is missing. Two letters that changed places are one. Empty where none is close.
func Near(name string, known []string) string {
	if best := Nearest(name, slices.Values(known)); best != "" {
		return best
	}
	const stem = 4
	for _, candidate := range known {
		if len(name) >= stem && strings.HasPrefix(candidate, name) {
			return candidate
		}
	}
	return ""
}

// Nearest is the name among known that differs the least from name, the first of several; at most a
// letter in four is wrong. Empty where none is close.
func Nearest(name string, known iter.Seq[string]) string {
	wanted := []rune(strings.ToLower(name))
	if len(wanted) > longestName {
		return ""
	}
	best, bound := "", min(len(wanted), 1+max(1, len(wanted)/4))
	for candidate := range known {
		if surplus := utf8.RuneCountInString(candidate) - len(wanted); max(surplus, -surplus) >= bound {
			continue
		}
		if d := edits(wanted, []rune(strings.ToLower(candidate))); d < bound {
			best, bound = candidate, d
		}
	}
	return best
}

// edits is the least number of letters to add, drop, replace or swap with their neighbour that makes b
// of a (optimal string alignment).
func edits(a, b []rune) int {
	before, above := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := above[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above = above, row
	}
	return above[len(b)]
}

// Suggest is "; did you mean X?" or, where no known name is close, "; known: " and the names.
func Suggest(name string, known []string) string {
	if best := Near(name, known); best != "" {
		return "; did you mean " + best + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return "; known: " + Enumerate(known)
}

// Enumerate is "a, b, c", sorted.
func Enumerate(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

// Word is text for a message: one line, not too long, "" where it is empty.
func Word(text string) string {
	const most = 40
	if text == "" {
		return `""`
	}
	runes := []rune(text)
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	for i, r := range runes {
		if r < ' ' || r == 0x7f {
			runes[i] = ' '
		}
	}
	return string(runes)
}
