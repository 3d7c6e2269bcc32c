package document

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// YAML is the resolved document. It is stable: keys are sorted, and reading it again gives the
// same profile and the same YAML. References stand in it for secrets.
func (p *Profile) YAML() (string, error) { return canonical(p.Referenced().NodeProfile) }

// ImageYAML is the profile's AirshipImage as a document, in the same stable form as YAML.
func (p *Profile) ImageYAML() (string, error) { return canonical(p.Referenced().Image) }

// canonical is value as YAML with sorted keys, by its json tags. Strings that another reader
// could take for something else are in quotes.
func canonical(value any) (string, error) {
	plain, err := plainValue(value)
	if err != nil {
		return "", err
	}
	return rendered(variables.Encodable(plain))
}

func rendered(value any) (string, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
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
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	return numbers(plain), nil
}

// numbers makes the numbers in value int64 where they are whole, and float64 otherwise.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = numbers(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = numbers(inner)
		}
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		if float, err := v.Float64(); err == nil {
			return float
		}
		return v.String()
	}
	return value
}
