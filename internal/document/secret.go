package document

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Redaction stands where a secret was.
const Redaction = mistake.Redaction

// secretMark begins what stands for a secret in a resolved profile's YAML; the field follows.
const secretMark = "airship-secret:"

// Shorter secrets are not looked for in texts, of which they would be ordinary parts, nor are those
// below the second bound searched within the profile's own values.
const (
	minimumSecret  = 4
	minimumWithin  = 8
	minimumOfLines = 12
)

// withSecrets is a spec in which the fields that its type says are secret are marked so.
func withSecrets(spec *tree.Node) *tree.Node {
	return marked(spec, reflect.TypeFor[v1alpha1.NodeProfileSpec](), false)
}

func marked(node *tree.Node, t reflect.Type, secret bool) *tree.Node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case node.IsScalar() && secret && !node.IsNull():
		out := *node
		out.Secret = true
		return &out
	case node.IsList() && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		out := node.Shell()
		for _, element := range node.Content {
			out.Content = append(out.Content, marked(element, t.Elem(), false))
		}
		return out
	case node.IsMapping() && t.Kind() == reflect.Struct:
		fields := fieldsOf(reflect.New(t).Elem())
		out := node.Shell()
		node.Fields(func(key, value *tree.Node) {
			if f, ok := fields[key.Value]; ok {
				value = marked(value, f.value.Type(), f.secret)
			}
			out.Content = append(out.Content, key, value)
		})
		return out
	}
	return node
}

// Secrets are the values that no message may show, without those of fewer than four characters; of
// texts of several lines the longer lines, too, since messages come by lines.
func (p *Profile) Secrets() []string {
	return maskable(p.secretValues())
}

// Mask hides the profile's Secrets in messages that are not Locate's or its own.
func (p *Profile) Mask() mistake.Mask { return mistake.NewMask(p.Secrets()) }

// maskable are the texts that are looked for in messages because of secrets.
func maskable(secrets []string) []string {
	var texts []string
	for _, secret := range secrets {
		if len(secret) < minimumSecret {
			continue
		}
		texts = append(append(texts, secret), ofURL(secret)...)
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) >= minimumOfLines && line != secret {
				texts = append(texts, line)
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// ofURL is what messages show of a secret URL: another ending, its host, its password.
func ofURL(secret string) []string {
	address, err := url.Parse(strings.TrimSpace(secret))
	if err != nil || address.Scheme == "" || address.Host == "" {
		return nil
	}
	all := []string{strings.TrimRight(address.String(), "/"), strings.TrimRight(address.Redacted(), "/"), address.Host, address.Hostname()}
	if password, given := address.User.Password(); given {
		all = append(all, password, address.User.String())
	}
	return slices.DeleteFunc(all, func(text string) bool { return len(text) < minimumSecret })
}

// secretValues are all of them, however short.
func (p *Profile) secretValues() []string {
	if p.shown {
		return nil
	}
	found := map[string]bool{}
	collect := func(secrets map[string]bool) *scalars {
		return &scalars{visit: func(one scalar) (string, bool) {
			if one.isString && one.text != "" && (one.tagged || secrets[one.field]) {
				found[one.text] = true
			}
			return "", false
		}}
	}
	collect(p.secrets).walk(reflect.ValueOf(&p.NodeProfile).Elem(), "", false)
	collect(p.imageSecrets).walk(reflect.ValueOf(&p.Image).Elem(), "", false)
	return slices.Sorted(maps.Keys(found))
}

// Redacted is a copy without secrets, for documents that are kept.
func (p *Profile) Redacted() *Profile {
	return p.replaced(func(string, string) string { return Redaction }, true)
}

// Digested is a copy with sha256:HEX in place of each secret, for what must change with a secret
// and not hold it. References stand in place of what is still encrypted.
func (p *Profile) Digested() *Profile {
	if p.origin != nil && p.origin.LeaveEncrypted {
		return p.replaced(refer, false)
	}
	return p.replaced(func(_, secret string) string { return secretDigest(secret) }, true)
}

func secretDigest(secret string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(secret)))
}

// SecretDigests are what Digested puts in the places of secrets. That of a short password is as good as the password.
func (p *Profile) SecretDigests() []string {
	var all []string
	for _, secret := range p.secretValues() {
		all = append(all, secretDigest(secret))
	}
	return all
}

// Referenced is a copy with airship-secret:FIELD in place of each secret, for outputs: Parse finds the
// secrets again by the documents that SourcedYAML names.
func (p *Profile) Referenced() *Profile { return p.replaced(refer, true) }

// IsSecret says whether a field of the resolved profile, spec.cloudInit.userData, is a secret or has one in it.
func (p *Profile) IsSecret(field string) bool {
	found := false
	secrets := newNeedles(p.secretValues())
	look := &scalars{visit: func(one scalar) (string, bool) {
		if within(one.field, field) {
			found = found || one.text != "" && (one.tagged || p.secrets[one.field]) || one.isString && secrets.in(one.text)
		}
		return "", false
	}}
	look.walk(reflect.ValueOf(&p.NodeProfile).Elem(), "", false)
	return found
}

// IsSealed says whether a field of the profile, or something in it, is still as sops encrypted it: the
// set was read with LeaveEncrypted.
func (p *Profile) IsSealed(field string) bool {
	if p.origin == nil || !p.origin.LeaveEncrypted {
		return false
	}
	for secret := range p.secrets {
		if within(secret, field) {
			return true
		}
	}
	return false
}

// within says whether a field is another one or in it.
func within(field, outer string) bool {
	rest, inside := strings.CutPrefix(field, outer)
	return inside && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func refer(field, _ string) string { return secretMark + field }

// replaced is a copy of p that has replace's answer in place of each secret and, where copies, of each
// value that repeats one; p stays as it is. Secret numbers and booleans of fields that hold nothing else are left out.
func (p *Profile) replaced(replace func(field, secret string) string, copies bool) *Profile {
	copied := *p
	if p.shown {
		return &copied
	}
	known := newNeedles(p.secretValues())
	hide := func(secrets map[string]bool) *scalars {
		return &scalars{visit: func(one scalar) (string, bool) {
			secret := one.tagged || secrets[one.field] || copies && one.isString && known.in(one.text)
			if !secret || one.isString && one.text == "" {
				return "", false
			}
			return replace(one.field, one.text), true
		}}
	}
	copied.NodeProfile, copied.Image = *p.NodeProfile.DeepCopy(), *p.Image.DeepCopy()
	hide(p.secrets).walk(reflect.ValueOf(&copied.NodeProfile).Elem(), "", false)
	hide(p.imageSecrets).walk(reflect.ValueOf(&copied.Image).Elem(), "", false)
	copied.shown = true
	return &copied
}

// hiding keeps a profile's secrets out of what checks say of it.
type hiding struct {
	// fields are those that are secret; what is said of them is without the secrets' words, too.
	fields         map[string]bool
	others, within mistake.Mask
}

func newHiding(fields map[string]bool, secrets []string) hiding {
	return hiding{fields, mistake.NewMask(maskable(secrets)), mistake.NewMask(append(words(secrets), secrets...))}
}

func (h hiding) hide(m *mistake.Mistake) {
	if h.fields[m.Field] {
		m.Problem = cutWord.ReplaceAllString(h.within.Text(m.Problem), Redaction)
		return
	}
	m.Problem = h.others.Text(m.Problem)
}
