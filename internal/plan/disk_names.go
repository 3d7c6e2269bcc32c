package plan

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/google/uuid"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// labelLimits are the bytes that a file system's label can have.
var labelLimits = map[string]int{fsExt4: 16, fsXFS: 12, fsBtrfs: 255, fsVfat: 11, fsSwap: 16}

// labelForbidden are characters that fstab, udev or mkfs would read as something else.
var labelForbidden = regexp.MustCompile(`[^A-Za-z0-9._ +:@-]`)

// label refuses what the file system would not keep as it stands.
func (c *layoutCheck) label(field, kind, label string) {
	switch limit := labelLimits[kind]; {
	case label == "":
	case len(label) > limit:
		c.mistake(field, "%s has %d characters; a label of %s has at most %d", mistake.Word(label), len(label), kind, limit)
	case labelForbidden.MatchString(label) || strings.TrimSpace(label) != label:
		c.mistake(field, "%s: want letters, digits and . _ - + : @", mistake.Word(label))
	case kind == fsXFS && strings.Contains(label, " "):
		c.mistake(field, "%s: a label of xfs has no blanks", mistake.Word(label))
	case kind == fsVfat && label != strings.ToUpper(label):
		c.mistake(field, "vfat's labels are upper case: want %s", strings.ToUpper(label))
	}
}

// maxName is the number of UTF-16 units in a GPT's names (UEFI specification 2.10, table 5.6).
const maxName = 36

// named checks a partition's own name and type.
func (c *layoutCheck) named(p placedPartition) {
	switch {
	case p.Name == "":
	case c.tableKind == MBR:
		c.mistake(p.field+".name", "partitions of an mbr have no names: leave it out")
	case nameForbidden.MatchString(p.Name):
		c.mistake(p.field+".name", "%s: want letters, digits and . _ -, as udev shows no others", mistake.Word(p.Name))
	case len(utf16.Encode([]rune(p.Name))) > maxName:
		c.mistake(p.field+".name", "%s is longer than the %d characters that a gpt holds", mistake.Word(p.Name), maxName)
	}
	if p.Type == "" {
		return
	}
	known := slices.Sorted(maps.Keys(gptTypes(c.architecture)))
	if c.tableKind == MBR {
		known = slices.Sorted(maps.Keys(mbrTypes))
	}
	_, err := uuid.Parse(p.Type)
	isGUID := err == nil && len(p.Type) == 36
	switch {
	case c.tableKind == MBR && isGUID:
		c.mistake(p.field+".type", "a GUID is a gpt's type; an mbr's are %s", strings.Join(known, ", "))
	case !isGUID && !slices.Contains(known, p.Type):
		c.mistake(p.field+".type", "unknown type %s%s; or a GUID", mistake.Word(p.Type), mistake.Suggest(p.Type, known))
	case (p.Type == flagESP || p.kind(c.tableKind) == TypeESP) && !p.flagged(flagESP), p.kind(c.tableKind) == TypeBIOSBoot && !p.flagged(flagBIOSGrub):
		c.mistake(p.field+".type", "want the flag %s in its place, by which the build knows what to put there", p.Type)
	case p.flagged(flagESP) && p.Type != flagESP || p.flagged(flagBIOSGrub) && p.Type != flagBIOSGrub:
		c.mistake(p.field+".type", "stands beside the flag %s, which is the type: leave it out", p.Flags[0])
	}
}

// twice refuses a name or label that two partitions have: they are looked up by it.
func (c *layoutCheck) twice(placed []placedPartition) {
	names, labels := map[string]placedPartition{}, map[string]placedPartition{}
	for _, p := range placed {
		if c.tableKind == GPT && p.Name != "" {
			if other, there := names[p.Name]; there {
				c.mistake(p.field+".name", "partition %s has the name %s already", other.title(), p.Name)
			}
			names[p.Name] = p
		}
		if p.Filesystem != nil && p.Filesystem.Label != "" {
			if other, there := labels[p.Filesystem.Label]; there {
				c.mistake(p.field+".filesystem.label", "partition %s has the label %s already", other.title(), p.Filesystem.Label)
			}
			labels[p.Filesystem.Label] = p
		}
	}
}
