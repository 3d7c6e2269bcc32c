package document

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// cutWord is the last word of a text that mistake.Word shortened.
var cutWord = regexp.MustCompile(`[^\s"]+…`)

// withoutWords is what a check says of a secret text, without the words of it: checks quote the line or
// the setting that they refuse. It is said of secret fields alone, as ordinary words are lost with them.
func withoutWords(problem, secret string) string {
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	var texts []string
	for line := range strings.Lines(secret) {
		line = strings.TrimSpace(line)
		texts = append(append(texts, mistake.Word(line)), strings.FieldsFunc(line, apart)...)
	}
	// The first that fits is replaced, so that a whole line comes before its words.
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, text := range texts {
		if len(text) >= minimumSecret {
			pairs = append(pairs, text, Redaction)
		}
	}
	return cutWord.ReplaceAllString(strings.NewReplacer(pairs...).Replace(problem), Redaction)
}
