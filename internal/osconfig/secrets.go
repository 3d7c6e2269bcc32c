package osconfig

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/document"
)

// minimumSecret is the length below which a secret is not searched for: crypt(5)'s markers that
// are no hash ("!", "*") are in every text.
const minimumSecret = 8

// cryptHash finds crypt(5) hashes, whole or cut off: $6$, $y$, $2b$ … followed by crypt's alphabet.
var cryptHash = regexp.MustCompile(`\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5)\$[./0-9A-Za-z$=,+-]*`)

// secrets are texts that must not be shown, longest first, so that nothing is left over of one
// that begins like another.
type secrets []string

func newSecrets(texts []string) secrets {
	found := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return len(text) < minimumSecret })
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	return slices.Compact(found)
}

// redact replaces the secrets in text, and whatever looks like a password's hash.
func (s secrets) redact(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, document.Redaction)
	}
	return cryptHash.ReplaceAllString(text, document.Redaction)
}
