package mistake

import (
	"cmp"
	"slices"
	"strings"
)

// Redaction stands where a secret was.
const Redaction = "<redacted>"

// Mask keeps secrets out of messages. Its zero value hides nothing. However many secrets there are,
// masking a text takes time by the text's length alone.
type Mask struct{ replacer *strings.Replacer }

// NewMask hides texts, as they are and as Word shows them.
func NewMask(texts []string) Mask {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text, Word(text))
		}
	}
	if len(all) == 0 {
		return Mask{}
	}
	// Of those that begin at one place the first is replaced: the longest, or the rest of it would show.
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, text := range slices.Compact(all) {
		pairs = append(pairs, text, Redaction)
	}
	return Mask{strings.NewReplacer(pairs...)}
}

// Text is a text without the secrets.
func (m Mask) Text(text string) string {
	if m.replacer == nil {
		return text
	}
	return m.replacer.Replace(text)
}

// Warning is a warning, FILE:LINE: TEXT, without the secrets; the place stays, even where a
// file's name has a secret in it.
func (m Mask) Warning(warning string) string {
	place, text, found := strings.Cut(warning, ": ")
	if !found {
		return m.Text(warning)
	}
	return place + ": " + m.Text(text)
}

// Error is err whose text has no secrets in it; errors.Is and errors.As find in it what err holds.
func (m Mask) Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := m.Text(text); clean != text {
		return &masked{clean, err}
	}
	return err
}

type masked struct {
	text string
	err  error
}

func (m *masked) Error() string { return m.text }

func (m *masked) Unwrap() error { return m.err }
