package networkdata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Largest is the length of a text, in bytes, that Parse reads. A thousand links are a tenth of it.
const Largest = 1 << 20

// Parse reads network data written as YAML or JSON; Airship takes either under one name. The value is
// as Check wants it. The error is a *mistake.Mistake whose Problem names the line in text.
func Parse(text string) (any, error) {
	if len(text) > Largest {
		return nil, wrongText("network data of %d bytes is too long; want at most %d", len(text), Largest)
	}
	text = strings.TrimPrefix(text, "\uFEFF")
	if strings.TrimSpace(text) == "" {
		return nil, wrongText("network data is empty; want links, networks and services")
	}
	// JSON may have tabs where YAML has none, so it is read as what it is.
	if strings.HasPrefix(strings.TrimSpace(text), "{") && json.Valid([]byte(text)) {
		return parseJSON(text)
	}
	return parseYAML(text)
}

func wrongText(format string, args ...any) error {
	return &mistake.Mistake{Problem: fmt.Sprintf(format, args...)}
}

func parseJSON(text string) (any, error) {
	var value any
	repeated, err := kjson.UnmarshalStrict([]byte(text), &value)
	if err != nil {
		return nil, wrongText("network data is not JSON: %s", err)
	}
	if len(repeated) > 0 {
		return nil, wrongText("network data: %s", errors.Join(repeated...))
	}
	return value, nil
}

func parseYAML(text string) (any, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, wrongText("network data is neither YAML nor JSON: %s", trim(err))
	}
	var rest yaml.Node
	if err := decoder.Decode(&rest); err == nil {
		return nil, wrongText("network data has a second document at its line %d; want one", rest.Line)
	}
	return value, nil
}

// trim is a YAML error as one line without the library's name.
func trim(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n")
	return strings.Join(strings.Fields(text), " ")
}

// JSON is the file network_data.json: keys sorted, indented by two spaces, one line end at the end. A list
// that data lacks is there, empty, since the schema requires all three. data must be free of mistakes.
func JSON(data any) ([]byte, error) {
	given, ok := data.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("network data is %s, not a mapping", describe(data))
	}
	file := map[string]any{"links": []any{}, "networks": []any{}, "services": []any{}}
	for key, value := range given {
		file[key] = value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("write network data as JSON: %w", err)
	}
	return text.Bytes(), nil
}
