package document

import (
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// near is the name among known that was probably meant by name: at most a letter in four is
// wrong, or the end is missing. Empty where none is close.
func near(name string, known []string) string {
	best, bestDistance := "", min(len(name), 1+max(1, len(name)/4))
	for _, candidate := range known {
		d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil)
		if d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	const stem = 4
	for _, candidate := range known {
		if best == "" && len(name) >= stem && strings.HasPrefix(candidate, name) {
			best = candidate
		}
	}
	return best
}

// suggest is "; did you mean X?" or, where no known name is close, the known names themselves.
func suggest(name string, known []string) string {
	if best := near(name, known); best != "" {
		return "; did you mean " + best + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return "; known: " + enumerate(known)
}

// enumerate is "a, b, c", sorted.
func enumerate(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}
