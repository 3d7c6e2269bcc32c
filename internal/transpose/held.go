package transpose

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// valueOf is the value of a key of a Secret, ConfigMap or catalogue; at is where the key is written.
// A Secret's values are secrets.
func (s *set) valueOf(c content, source *tree.Node, key string, at tree.Place, r *tree.Report) *tree.Node {
	kind := source.Get("kind").String()
	var holders []*tree.Node
	switch kind {
	case "Secret":
		holders = []*tree.Node{source.Get("stringData"), source.Get("data")}
	case "ConfigMap":
		holders = []*tree.Node{source.Get("data"), source.Get("binaryData")}
	case v1alpha1.KindVariableCatalogue:
		holders = []*tree.Node{source.Get("spec"), without(source, append([]string{"spec"}, envelope...)...)}
	default:
		r.Mistake(at, "%s in %s holds no %s; want a Secret, BareMetalHost, ConfigMap or VariableCatalogue",
			title(source), spot(source.Place), c.noun)
		return nil
	}
	var keys []string
	for i, holder := range holders {
		if value := holder.Get(key); !value.IsNull() {
			isSecret := kind == "Secret"
			encoded := i == 1 && (isSecret || kind == "ConfigMap")
			return s.once(holding{value, c.isText}, func() *tree.Node { return plain(c, value, isSecret, encoded, r) }, r)
		}
		holder.Fields(func(key, _ *tree.Node) { keys = append(keys, key.Value) })
	}
	r.Mistake(at, "%s in %s has no key %s%s", title(source), spot(source.Place), mistake.Word(key), instead(key, keys))
	return nil
}

// once is a value, read as what it is for; what was read before is not read again.
func (s *set) once(h holding, plain func() *tree.Node, r *tree.Report) *tree.Node {
	if out, ok := s.read[h]; ok {
		return out
	}
	out := plain()
	if out != nil && !h.isText && !out.IsMapping() {
		out = parseText(out, r)
	}
	s.read[h] = out
	return out
}

// plain is a document's value without its encoding.
func plain(c content, value *tree.Node, secret, encoded bool, r *tree.Report) *tree.Node {
	if value.Tag == tree.Broken {
		return nil
	}
	// Only a catalogue can hold network data as it is.
	if value.IsMapping() && !secret && !c.isText {
		return value
	}
	if !value.IsScalar() || value.Tag != "!!str" {
		r.Mistake(value.Place, "found %s; want the %s as a string", value.Describe(), c.noun)
		return nil
	}
	content := value.Value
	switch {
	case strings.HasPrefix(content, "ENC["):
		r.Mistake(value.Place, "is encrypted, and its key is not there")
		return nil
	case encoded:
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(content))
		if err != nil {
			r.Mistake(value.Place, "is not base64; a plain text belongs under stringData")
			return nil
		}
		content = string(decoded)
	}
	switch {
	case strings.TrimSpace(content) == "":
		r.Mistake(value.Place, "the %s is empty", c.noun)
		return nil
	case !utf8.ValidString(content) || strings.ContainsRune(content, 0):
		r.Mistake(value.Place, "the %s is not a text", c.noun)
		return nil
	}
	out := *value
	out.Value, out.Secret = content, value.Secret || secret
	if encoded {
		out.Style = 0
	}
	return &out
}
