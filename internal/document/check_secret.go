package document

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// cutWord is the last word of a text that mistake.Word shortened.
var cutWord = regexp.MustCompile(`[^\s"]+…`)

// words are the lines and words of secret texts, which what is said of secret fields must not have: checks
// quote the line or the setting that they refuse. Of other fields, ordinary words would be lost with them.
func words(secrets []string) []string {
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	var texts []string
	for _, secret := range secrets {
		for line := range strings.Lines(secret) {
			line = strings.TrimSpace(line)
			texts = append(append(texts, line), strings.FieldsFunc(line, apart)...)
		}
	}
	return slices.DeleteFunc(texts, func(text string) bool { return len(text) < minimumSecret })
}
