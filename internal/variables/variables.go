package variables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Variables are Ansible variables by name: maps, lists, strings, numbers and booleans.
type Variables map[string]any

// YAML is the variables as a vars file, keys sorted. Strings that another reader could take for
// something else are in quotes.
func (v Variables) YAML() (string, error) { return v.render(func(*yaml.Node) {}) }

// render is YAML of the mapping that change has changed.
func (v Variables) render(change func(root *yaml.Node)) (string, error) {
	var node yaml.Node
	if err := node.Encode(Encodable(map[string]any(v))); err != nil {
		return "", fmt.Errorf("render variables: %w", err)
	}
	quote(&node)
	change(&node)
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(&node); err != nil {
		return "", fmt.Errorf("render variables: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return "", fmt.Errorf("render variables: %w", err)
	}
	return text.String(), nil
}

// quote puts in quotes the one string that PyYAML, which Ansible reads with, refuses where it is plain
// and this encoder writes plainly: = is a type of its own in YAML 1.1.
func quote(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.Value == "=" {
		node.Style = yaml.DoubleQuotedStyle
	}
	for _, inner := range node.Content {
		quote(inner)
	}
}

// JSON is the variables as one line of JSON, keys sorted.
func (v Variables) JSON() (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", fmt.Errorf("render variables: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// plain is value as maps, lists and scalars, by its json tags; whole numbers stay whole.
func plain(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil {
		return nil, err
	}
	return numbers(out)
}

// numbers makes the numbers in value integers where they are whole, and floating-point otherwise.
func numbers(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if v[key], err = numbers(inner); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, inner := range v {
			if v[i], err = numbers(inner); err != nil {
				return nil, err
			}
		}
	case json.Number:
		if whole, err := strconv.Atoi(v.String()); err == nil {
			return whole, nil
		}
		return v.Float64()
	}
	return value, nil
}
