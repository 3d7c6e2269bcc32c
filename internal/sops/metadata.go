package sops

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// metadataKey holds what sops has to say of a file, in each of its documents.
const metadataKey = "sops"

// metadata is what sops wrote about a file, as far as it matters here (stores/stores.go in sops's source).
type metadata struct {
	at *yaml.Node // where it stands

	MAC          string `yaml:"mac"`
	LastModified string `yaml:"lastmodified"`
	Shamir       int    `yaml:"shamir_threshold"`
	masterKeys   `yaml:",inline"`
	Groups       []masterKeys `yaml:"key_groups"`
	rules        `yaml:",inline"`
}

// masterKeys are those that a file's data key is encrypted for, by kind.
type masterKeys struct {
	Age []struct {
		Recipient string `yaml:"recipient"`
		Enc       string `yaml:"enc"`
	} `yaml:"age"`
	PGP   []map[string]any `yaml:"pgp"`
	KMS   []map[string]any `yaml:"kms"`
	GCP   []map[string]any `yaml:"gcp_kms"`
	Azure []map[string]any `yaml:"azure_kv"`
	Vault []map[string]any `yaml:"hc_vault"`
	HCKMS []map[string]any `yaml:"hckms"`
}

func hasMetadata(root *yaml.Node) bool {
	found := field(root, metadataKey)
	return field(found, "mac") != nil || field(found, "lastmodified") != nil
}

// readMetadata finds the metadata, and what is wrong with it: sops takes that of the first document for all, whatever the others have.
func (s *source) readMetadata() (metadata, error) {
	var m metadata
	for i, root := range s.documents {
		found := field(root, metadataKey)
		switch {
		case found == nil && i == 0:
			return m, s.without(root)
		case found == nil:
			return m, wrong(s.name, root, "document %d of the file has no sops metadata: it was added after the file was encrypted; "+
				"give it a file of its own, or use `sops edit`", i+1)
		}
		var one metadata
		// The library's error would quote the file.
		if err := found.Decode(&one); err != nil {
			return m, wrong(s.name, found, "sops's metadata is not of the form that sops writes; restore it, or encrypt the file again")
		}
		one.at = found
		switch {
		case i == 0:
			m = one
		case one.MAC != m.MAC:
			return m, wrong(s.name, found, "document %d of the file was encrypted apart from those before it; give it a file of its own", i+1)
		}
	}
	if len(s.documents) == 0 {
		return m, wrong(s.name, nil, "is empty; want a file that sops encrypted")
	}
	return m, m.check(s.name)
}

// without is the mistake of a file whose first document has no metadata.
func (s *source) without(root *yaml.Node) error {
	for i, other := range s.documents {
		if hasMetadata(other) {
			return wrong(s.name, field(other, metadataKey), "document %d of the file was encrypted, but not those before it, and sops encrypts a file as a whole; "+
				"give it a file of its own", i+1)
		}
	}
	return wrong(s.name, root, "has no sops metadata, so its encrypted values cannot be decrypted; restore its key `sops`")
}

// check finds what is missing, all at once.
func (m *metadata) check(name string) error {
	var mistakes []*mistake.Mistake
	broken := func(key, format string, args ...any) {
		at := field(m.at, key)
		if at == nil {
			at = m.at
		}
		mistakes = append(mistakes, &mistake.Mistake{
			File: name, Line: at.Line, Column: at.Column, Field: metadataKey + "." + key,
			Problem: fmt.Sprintf(format, args...) + "; restore what sops wrote, or encrypt the file again",
		})
	}
	if !isSealed(&yaml.Node{Kind: yaml.ScalarNode, Value: m.MAC}) {
		broken("mac", "is missing or damaged")
	}
	if _, err := time.Parse(time.RFC3339, m.LastModified); err != nil {
		broken("lastmodified", "is missing or not a time")
	}
	for _, key := range m.all() {
		text := strings.TrimSpace(key.armor)
		if key.kind == "age" && !(strings.HasPrefix(text, "-----BEGIN AGE ENCRYPTED FILE-----") && strings.HasSuffix(text, "-----END AGE ENCRYPTED FILE-----")) {
			broken("age", "the key encrypted for %s is damaged", shorten(key.name))
		}
	}
	if len(m.all()) == 0 {
		broken("age", "the file is encrypted for nobody")
	}
	return mistake.Join(mistakes)
}

// recipient is a key that opens the file; armor is age's alone.
type recipient struct{ kind, name, armor string }

func (m *metadata) all() []recipient {
	all := m.recipients()
	for _, group := range m.Groups {
		all = append(all, group.recipients()...)
	}
	return all
}

func (k *masterKeys) recipients() []recipient {
	var all []recipient
	for _, key := range k.Age {
		all = append(all, recipient{"age", key.Recipient, key.Enc})
	}
	for _, kind := range []struct {
		name string
		keys []map[string]any
		id   []string
	}{
		{"PGP", k.PGP, []string{"fp"}},
		{"AWS KMS", k.KMS, []string{"arn"}},
		{"GCP KMS", k.GCP, []string{"resource_id"}},
		{"Azure Key Vault", k.Azure, []string{"vault_url", "name"}},
		{"Vault", k.Vault, []string{"vault_address", "engine_path", "key_name"}},
		{"Huawei Cloud KMS", k.HCKMS, []string{"key_id"}},
	} {
		for _, key := range kind.keys {
			var id []string
			for _, part := range kind.id {
				id = append(id, strings.Trim(fmt.Sprint(key[part]), "/"))
			}
			all = append(all, recipient{kind: kind.name, name: strings.Join(id, "/")})
		}
	}
	return all
}

// shorten bounds a recipient's name: those of post-quantum age and of SSH fill screens.
func shorten(name string) string {
	const most = 70
	if len(name) <= most {
		return strings.Join(strings.Fields(name), " ")
	}
	return strings.Join(strings.Fields(name[:most]), " ") + "…"
}
