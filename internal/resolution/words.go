package resolution

import (
	"fmt"
	"regexp"
	"strings"
)

// refusal is what apt 3.0's second solver says of packages that cannot be installed together:
//
//	Unable to satisfy dependencies. Reached two conflicting decisions:
//	   1. b:amd64=1 is selected for install because:
//	      1. f:amd64=1 is selected for install
//	      2. f:amd64 Depends b
//	   2. b:amd64=1 is not selected for install because:
//	      1. g:amd64=1 is selected for install
//	      2. g:amd64 Depends a
//	      3. a:amd64 Conflicts b
type refusal struct {
	// asked are the packages that were asked for, as far as they have to do with it.
	asked []string
	// steps are what leads from them to the contradiction, each in a few words.
	steps []string
}

var (
	// item is what apt puts before each of its sentences.
	item     = regexp.MustCompile(`^\s*(?:\d+\.|-) `)
	selected = regexp.MustCompile(`^(\S+) is selected for install( because:)?$`)
	relation = regexp.MustCompile(`^(\S+) (PreDepends|Pre-Depends|Depends|Conflicts|Breaks|Obsoletes) (.+)$`)
)

// verbs are how a step says a relation.
var verbs = map[string]string{
	"PreDepends": "needs", "Pre-Depends": "needs", "Depends": "needs",
	"Conflicts": "conflicts with", "Breaks": "breaks", "Obsoletes": "replaces",
}

// readRefusal reads apt's words; false where they hold no such account, or name nothing of what was
// asked for.
func readRefusal(words string, asked []string) (refusal, bool) {
	names := map[string]bool{}
	for _, a := range asked {
		name, _, _ := strings.Cut(a, "=")
		names[name] = true
	}
	_, account, found := strings.Cut(words, "Unable to satisfy dependencies.")
	if !found {
		return refusal{}, false
	}
	var r refusal
	seen := map[string]bool{}
	add := func(list *[]string, text string) {
		if !seen[text] {
			seen[text] = true
			*list = append(*list, text)
		}
	}
	for line := range strings.Lines(account) {
		if strings.HasPrefix(line, "E: ") || strings.HasPrefix(line, "W: ") {
			break
		}
		line = strings.TrimSpace(item.ReplaceAllString(line, ""))
		if m := selected.FindStringSubmatch(line); m != nil && m[2] == "" {
			if name := bare(m[1]); names[name] {
				add(&r.asked, name)
			}
		}
		if m := relation.FindStringSubmatch(line); m != nil {
			add(&r.steps, fmt.Sprintf("%s %s %s", bare(m[1]), verbs[m[2]], m[3]))
		}
		if line == "[no choices]" && len(r.steps) > 0 {
			r.steps[len(r.steps)-1] += ", which no source has"
		}
	}
	return r, len(r.asked) > 0 && len(r.steps) > 0
}

// bare is the name in NAME:ARCHITECTURE=VERSION.
func bare(text string) string {
	name, _, _ := strings.Cut(text, "=")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// plain are apt's words without its prefixes and warnings.
func plain(words string) string {
	var kept []string
	for line := range strings.Lines(words) {
		line = strings.TrimRight(strings.TrimPrefix(line, "E: "), "\n")
		if !strings.HasPrefix(line, "W: ") && strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
