package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Redaction stands where a secret was.
const Redaction = "<redacted>"

// canonical is value as YAML with sorted keys, by its json tags. Strings that another reader
// could take for something else are in quotes.
func canonical(value any) (string, error) {
	plain, err := plainValue(value)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(plain); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return "", fmt.Errorf("render YAML: %w", err)
	}
	return text.String(), nil
}

// plainValue is value as maps, lists and scalars, by its json tags; whole numbers stay whole.
func plainValue(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	var plain any
	// JSON is YAML, and this reader, unlike JSON's, keeps whole numbers apart from others.
	if err := yaml.Unmarshal(data, &plain); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	return plain, nil
}

// withSecrets is a copy of p that has replace's answer in place of each secret; p stays as it is.
func (p *Profile) withSecrets(replace func(secret string) string) (*Profile, error) {
	data, err := json.Marshal(p.NodeProfile)
	if err != nil {
		return nil, fmt.Errorf("replace the secrets: %w", err)
	}
	copied := *p
	copied.NodeProfile = v1alpha1.NodeProfile{}
	if err := json.Unmarshal(data, &copied.NodeProfile); err != nil {
		return nil, fmt.Errorf("replace the secrets: %w", err)
	}
	eachSecret(reflect.ValueOf(&copied.NodeProfile).Elem(), func(secret reflect.Value) {
		secret.SetString(replace(secret.String()))
	})
	return &copied, nil
}

// Secrets are the values in the profile that no message may show.
func (p *Profile) Secrets() []string {
	var secrets []string
	eachSecret(reflect.ValueOf(&p.NodeProfile).Elem(), func(secret reflect.Value) {
		secrets = append(secrets, secret.String())
	})
	return secrets
}

// eachSecret visits the strings tagged as secret that are not empty.
func eachSecret(value reflect.Value, visit func(reflect.Value)) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			eachSecret(value.Elem(), visit)
		}
	case reflect.Slice:
		for i := range value.Len() {
			eachSecret(value.Index(i), visit)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			info, inner := value.Type().Field(i), value.Field(i)
			switch {
			case !info.IsExported():
			case info.Tag.Get("airship") == "secret" && inner.String() != "":
				visit(inner)
			default:
				eachSecret(inner, visit)
			}
		}
	}
}
