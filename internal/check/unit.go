package check

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// maxUnitLine is what systemd reads of a line, in bytes (LONG_LINE_MAX).
const maxUnitLine = 1 << 20

// assignment is one KEY=VALUE of a unit, continuation lines joined. line is its first, from 1.
type assignment struct {
	section, key, value string
	line                int
}

// unit is what a unit's text says.
type unit struct {
	name string
	set  []assignment
	// last are, by section and key, the values since the key was last emptied.
	last map[[2]string][]assignment
}

// Unit checks a unit's text (systemd.syntax(7), systemd.unit(5) and the page of its type). name has
// the suffix, and must pass UnitName. enabled is whether the image enables the unit.
//
// Keys are not checked against a list: each release of systemd has more of them. Repeated sections
// are right, systemd joins them.
func Unit(name, text string, enabled bool) []string {
	var found problems
	if strings.TrimSpace(text) == "" {
		return []string{"is empty; want sections, such as [Unit] and [Install]"}
	}
	u := readUnit(&found, name, text)
	switch unitType(name) {
	case "service":
		u.service(&found)
	case "mount", "automount":
		u.mount(&found)
	}
	u.required(&found)
	u.install(&found, enabled)
	return found
}

func readUnit(found *problems, name, text string) *unit {
	u := &unit{name: name, last: map[[2]string][]assignment{}}
	if i := strings.IndexByte(text, 0); i >= 0 {
		found.add(lineOf(text, i), "has a NUL character")
	}
	section, orphans, joined := "", 0, ""
	begun := 0 // the line that a continuation began on; 0 for none
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		bare := strings.TrimSpace(line)
		if len(line) > maxUnitLine {
			found.add(i+1, "is longer than a line of a unit may be")
		}
		// Comments and templates' own lines do not end a continuation.
		if strings.HasPrefix(bare, "#") || strings.HasPrefix(bare, ";") || strings.HasPrefix(bare, "{%") || bare == "" && begun == 0 {
			continue
		}
		if begun == 0 {
			begun = i + 1
		}
		if before, more := strings.CutSuffix(line, `\`); more {
			joined += before + " "
			continue
		}
		bare = strings.TrimSpace(joined + line)
		at := begun
		joined, begun = "", 0
		if bare == "" {
			continue
		}
		if strings.HasPrefix(bare, "[") {
			section = u.section(found, at, bare)
			continue
		}
		u.assign(found, at, section, bare, &orphans)
	}
	if begun > 0 && strings.TrimSpace(joined) != "" {
		u.assign(found, begun, section, strings.TrimSpace(joined), &orphans)
	}
	return u
}

// section is a section's name, or - for one that systemd passes over.
func (u *unit) section(found *problems, line int, text string) string {
	name, whole := strings.CutSuffix(strings.TrimPrefix(text, "["), "]")
	known := []string{"Unit", "Install"}
	if own := unitSections[unitType(u.name)]; own != "" {
		known = append(known, own)
	}
	switch {
	case !whole:
		found.add(line, "%s is no section; want a ] at its end", mistake.Word(text))
		return "-"
	case slices.Contains(known, name):
		return name
	case strings.HasPrefix(name, "X-"), Template(name):
		return "-"
	}
	for kind, own := range unitSections {
		if own == name && name != "" {
			found.add(line, "[%s] is a section of a .%s unit; %s has none", name, kind, mistake.Word(u.name))
			return "-"
		}
	}
	found.add(line, "unknown section [%s]%s", mistake.Word(name), mistake.Suggest(name, known))
	// What was meant is read as such, so that one mistake is told and not two.
	if near := mistake.Near(name, known); near != "" {
		return near
	}
	return "-"
}

func (u *unit) assign(found *problems, line int, section, text string, orphans *int) {
	key, value, ok := strings.Cut(text, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case Template(key):
		return
	case !ok:
		found.add(line, "%s is no setting; want KEY=VALUE, a [Section] or a comment with #", mistake.Word(text))
		return
	case key == "":
		found.add(line, "has no key before =")
		return
	case section == "":
		if *orphans++; *orphans == 1 {
			found.add(line, "%s= is before the first [Section], where systemd ignores it", mistake.Word(key))
		}
		return
	}
	a := assignment{section, key, value, line}
	u.set = append(u.set, a)
	at := [2]string{section, key}
	if value == "" {
		delete(u.last, at)
		return
	}
	u.last[at] = append(u.last[at], a)
}

func (u *unit) values(section, key string) []assignment { return u.last[[2]string{section, key}] }

// value is the last value of a key; of keys that are no lists the last one counts.
func (u *unit) value(section, key string) string {
	all := u.values(section, key)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].value
}

// near is a key of a section that was probably meant to be another one; empty where there is none.
func (u *unit) near(section, key string) string {
	for _, a := range u.set {
		if a.section == section && a.key != key && mistake.Near(a.key, []string{key}) != "" && !execKey(a.key) {
			return "; did you mean " + key + " by " + mistake.Word(a.key) + "?"
		}
	}
	return ""
}
