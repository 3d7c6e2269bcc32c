package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// unitSections are the sections besides [Unit] and [Install] that a unit of a type has
// (systemd.unit(5)); empty for types without one.
var unitSections = map[string]string{
	"service": "Service", "socket": "Socket", "device": "", "mount": "Mount", "automount": "Automount",
	"swap": "Swap", "target": "", "path": "Path", "timer": "Timer", "slice": "Slice", "scope": "Scope",
}

var (
	unitPrefix = regexp.MustCompile(`^[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\@-]*)?$`)
	badEscape  = regexp.MustCompile(`\\($|[^x]|x($|[^0-9a-fA-F]|[0-9a-fA-F]($|[^0-9a-fA-F])))`)
)

// maxUnitName is systemd's UNIT_NAME_MAX less its NUL, in characters.
const maxUnitName = 255

// UnitName checks a systemd unit's name with its suffix (systemd.unit(5)): site.service, a template
// site@.service, an instance site@one.service.
func UnitName(name string) string {
	dot := strings.LastIndexByte(name, '.')
	suffixes := slices.Sorted(maps.Keys(unitSections))
	switch {
	case name == "":
		return "want a unit's name, such as site.service"
	case strings.Contains(name, "/"):
		return fmt.Sprintf("%s is a path; want the unit's name alone", mistake.Word(name))
	case strings.HasSuffix(name, ".conf"):
		return fmt.Sprintf("%s is a drop-in, not a unit; write it as a file below /etc/systemd/system/UNIT.d", mistake.Word(name))
	case dot < 0:
		return fmt.Sprintf("%s has no type; want one at its end, such as .service", mistake.Word(name))
	case !slices.Contains(suffixes, name[dot+1:]):
		return fmt.Sprintf("%s has an unknown type .%s%s", mistake.Word(name), mistake.Word(name[dot+1:]), mistake.Suggest(name[dot+1:], suffixes))
	case name[dot+1:] == "scope" || name[dot+1:] == "device":
		return fmt.Sprintf("%s: a %s is made while the system runs, and has no file", mistake.Word(name), name[dot+1:])
	case !unitPrefix.MatchString(name[:dot]):
		return fmt.Sprintf(`%s has characters that no unit's name has; want letters, digits and : - _ . \ with one @ before an instance`, mistake.Word(name))
	case badEscape.MatchString(name[:dot]):
		return fmt.Sprintf(`%s has a \ that is no escape; want \x and two hexadecimal digits, as systemd-escape writes it`, mistake.Word(name))
	case len(name) > maxUnitName:
		return fmt.Sprintf("is a name of %d characters; systemd takes %d", len(name), maxUnitName)
	}
	return ""
}

// unitType is a unit name's suffix without its dot; empty where it has none.
func unitType(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}

// unitOfPath is the name, without its suffix, that a mount of a path must have: slashes become
// hyphens, and other characters hexadecimal (systemd-escape(1), --path).
func unitOfPath(path string) string {
	path = strings.Trim(path, "/")
	if path == "" {
		return "-"
	}
	var name strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/' && path[i-1] == '/':
		case c == '/':
			name.WriteByte('-')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == ':', c == '.' && i > 0:
			name.WriteByte(c)
		default:
			fmt.Fprintf(&name, `\x%02x`, c)
		}
	}
	return name.String()
}
