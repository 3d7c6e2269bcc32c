package bootcheck

import (
	"regexp"
	"strings"
)

// refusals are the words in which each link of Secure Boot's chain refuses the next, whose signature is missing or
// wrong: OVMF's, shim's in a dialog, GRUB's.
var refusals = []struct {
	words *regexp.Regexp
	means string
}{
	{regexp.MustCompile(`BdsDxe: failed to (load|start) .*(Access Denied|Security Violation)`), "the firmware refuses shim"},
	{regexp.MustCompile(`Verification failed: \(0x[0-9A-F]+\) Security Violation`), "shim refuses GRUB"},
	{regexp.MustCompile(`bad shim signature`), "GRUB refuses the kernel"},
}

// refusal says who refused what, and in which words; empty where a line of the console tells of none.
func refusal(line string) string {
	for _, r := range refusals {
		if words := r.words.FindString(line); words != "" {
			return r.means + ": " + words
		}
	}
	return ""
}

// anyRefusal matches lines of which refusal says something.
func anyRefusal() *regexp.Regexp {
	var all []string
	for _, r := range refusals {
		all = append(all, r.words.String())
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}
