package sops

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Exit codes of sops (cmd/sops/codes in its source).
const (
	codeTree  = 25  // a value cannot be decrypted
	codeMAC   = 51  // the message authentication code is another
	codeNoKey = 128 // no key opens the file
)

// explain is why sops gave up. What it wrote quotes values, so it is shown only where it had none yet to decrypt.
func (t Tool) explain(ctx context.Context, s *source, path string, code int, messages string) error {
	switch code {
	case codeTree:
		return s.changed(s.mistake("a value in it cannot be decrypted: it was changed, moved or renamed after the file was encrypted; restore it, and use `sops edit`"))
	case codeMAC:
		tampered := wrong(s.name, field(s.at, "mac"), "the file was changed after it was encrypted: its message authentication code is another; "+
			"restore the file, or if the change is yours, make it with `sops edit`")
		tampered.Field = "sops.mac"
		return s.changed(tampered)
	case codeNoKey:
		return s.noKey(messages)
	}
	if found := version(ctx, path); tooOld(found) {
		return s.mistake("is encrypted, and %s is sops %s; want sops %s or newer, which decrypts without a file in clear (getsops.io)", t.path(), found, Oldest)
	}
	if config := os.Getenv("SOPS_CONFIG"); config != "" || strings.Contains(messages, "config") {
		return s.mistake("%s does not decrypt it and gives exit code %d; is there a mistake in its configuration (SOPS_CONFIG, .sops.yaml)?", t.path(), code)
	}
	return s.mistake("%s does not decrypt it and gives exit code %d; is it sops %s or newer? `sops decrypt FILE` says more", t.path(), code, Oldest)
}

// changed are the values that show what was changed by hand, or otherwise where none does.
func (s *source) changed(otherwise error) error {
	if found := s.misfits(); len(found) > 0 {
		return mistake.Join(found)
	}
	return otherwise
}

// noKey says for whom the file is encrypted and where keys were looked for.
func (s *source) noKey(messages string) error {
	all := s.all()
	var text strings.Builder
	text.WriteString("no key for it was found; it is encrypted for ")
	for i, key := range all {
		if i > 0 {
			text.WriteString(", ")
		}
		if key.kind == "age" {
			text.WriteString(shorten(key.name))
			continue
		}
		text.WriteString(key.kind + " " + shorten(key.name))
	}
	if len(s.Groups) > 1 {
		needed := s.Shamir
		if needed == 0 {
			needed = len(s.Groups)
		}
		fmt.Fprintf(&text, " in %d groups, and wants a key of each of %d", len(s.Groups), needed)
	}
	age, services := kinds(all)
	if age {
		text.WriteString("; keys of age are looked for in " + strings.Join(searched(all), ", "))
	}
	switch {
	case asked(messages):
		text.WriteString("; a key there wants a passphrase, which cannot be asked for here: use one without")
	case services:
		text.WriteString("; sops says: " + redact(messages))
	}
	return s.mistake("%s", text.String())
}

func kinds(all []recipient) (age, services bool) {
	for _, key := range all {
		age = age || key.kind == "age"
		services = services || key.kind != "age"
	}
	return age, services
}

// asked says whether sops wanted a terminal: /dev/tty, CONIN$ on Windows.
func asked(messages string) bool {
	text := strings.Join(strings.Fields(strings.ReplaceAll(messages, "|", " ")), " ")
	for _, sign := range []string{"/dev/tty", "CONIN$", "terminal", "password protected"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

var (
	identity = regexp.MustCompile(`AGE-[A-Z0-9-]+`)
	login    = regexp.MustCompile(`://[^/@\s]+@`)
	telling  = regexp.MustCompile(`(?i)KEY|TOKEN|SECRET|PASS|AUTH|CREDENTIAL`)
)

// redact makes one line of what sops says of key services, without what may be secret in the environment.
func redact(messages string) string {
	text := messages
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if telling.MatchString(name) && len(value) > 3 {
			text = strings.ReplaceAll(text, value, "…")
		}
	}
	_, text, _ = strings.Cut(text, "Group 0") // after a preamble
	text, _, _ = strings.Cut(text, "Recovery failed")
	text = strings.ReplaceAll("Group 0"+text, "|", " ")
	text = strings.Join(strings.Fields(text), " ")
	text = login.ReplaceAllString(identity.ReplaceAllString(text, "…"), "://")
	const most = 800
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
