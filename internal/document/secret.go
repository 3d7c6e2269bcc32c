package document

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Redaction stands where a secret was.
const Redaction = "<redacted>"

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
	var texts []string
	for _, secret := range p.secretValues() {
		if len(secret) < minimumSecret {
			continue
		}
		texts = append(texts, secret)
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) >= minimumOfLines && line != secret {
				texts = append(texts, line)
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
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
func (p *Profile) Redacted() (*Profile, error) {
	return p.replaced(func(string, string) string { return Redaction }, true), nil
}

// Digested is a copy with sha256:HEX in place of each secret, for what must change with a secret
// and not hold it. References stand in place of what is still encrypted.
func (p *Profile) Digested() (*Profile, error) {
	if p.origin != nil && p.origin.LeaveEncrypted {
		return p.replaced(refer, false), nil
	}
	return p.replaced(func(_, secret string) string {
		return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(secret)))
	}, true), nil
}

// Referenced is a copy with airship-secret:FIELD in place of each secret, for outputs: Parse finds the
// secrets again by the documents that SourcedYAML names.
func (p *Profile) Referenced() (*Profile, error) { return p.referenced(), nil }

// IsSecret says whether a field of the resolved profile, spec.cloudInit.userData, is a secret or has one in it.
func (p *Profile) IsSecret(field string) bool {
	found := false
	secrets := newNeedles(p.secretValues())
	look := &scalars{visit: func(one scalar) (string, bool) {
		rest, inside := strings.CutPrefix(one.field, field)
		if inside && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			found = found || one.text != "" && (one.tagged || p.secrets[one.field]) || one.isString && secrets.in(one.text)
		}
		return "", false
	}}
	look.walk(reflect.ValueOf(&p.NodeProfile).Elem(), "", false)
	return found
}

func (p *Profile) referenced() *Profile { return p.replaced(refer, true) }

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

// hide keeps the secrets out of a mistake's text.
func (p *Profile) hide(m *mistake.Mistake, secrets []string) {
	for _, secret := range secrets {
		if !p.secrets[m.Field] && len(secret) < minimumSecret {
			continue
		}
		for _, text := range []string{secret, mistake.Word(secret)} {
			m.Problem = strings.ReplaceAll(m.Problem, text, Redaction)
		}
		if p.secrets[m.Field] {
			m.Problem = withoutWords(m.Problem, secret)
		}
	}
}
