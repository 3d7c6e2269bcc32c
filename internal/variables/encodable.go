package variables

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Encodable is value, of maps, lists and scalars, for the encoder of go.yaml.in/yaml v3. Of a text of several
// lines that begins with space or a line break it makes a literal block that not even its own
// parser reads, so such texts are in quotes. value stays as it is.
func Encodable(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = Encodable(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = Encodable(inner)
		}
		return out
	case string:
		if strings.Contains(v, "\n") && strings.IndexAny(v, " \t\r\n\u0085\u2028\u2029") == 0 {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v, Style: yaml.DoubleQuotedStyle}
		}
	}
	return value
}
