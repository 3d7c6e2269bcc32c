package document

import "strings"

// needles are secrets that are looked for in other values.
type needles struct {
	whole map[string]bool
	// within are those that are looked for inside longer texts, by their first bytes: there may be
	// thousands of secrets and of texts.
	within map[string][]string
}

func newNeedles(secrets []string) needles {
	n := needles{map[string]bool{}, map[string][]string{}}
	for _, secret := range secrets {
		if len(secret) >= minimumSecret {
			n.whole[secret] = true
		}
		if len(secret) >= minimumWithin {
			head := secret[:minimumWithin]
			n.within[head] = append(n.within[head], secret)
		}
	}
	return n
}

// in says whether a text is one of the secrets, or has one in it.
func (n needles) in(text string) bool {
	if n.whole[text] {
		return true
	}
	for i := 0; len(n.within) > 0 && i+minimumWithin <= len(text); i++ {
		for _, secret := range n.within[text[i:i+minimumWithin]] {
			if strings.HasPrefix(text[i:], secret) {
				return true
			}
		}
	}
	return false
}
