package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Setting is one value of a profile's variables.
type Setting struct {
	// Text is the value where it is short and no part of it is secret.
	Text string `json:"text,omitempty"`
	// Fingerprint is of a value that Text does not have: it changes with it, and with the place.
	Fingerprint string `json:"fingerprint,omitempty"`
	Secret      bool   `json:"secret,omitempty"`
	// Lines and Bytes of a text that is long.
	Lines int `json:"lines,omitempty"`
	Bytes int `json:"bytes,omitempty"`
}

// longest Text of a Setting, in bytes.
const longest = 160

// orderEnding ends the path of what is not a value but the order of a list.
const orderEnding = "[]"

// digested is what stands for a secret in a Plan's variables.
var digested = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// settings flattens variables: maps by their keys, lists by the names that their elements have, so that an element
// more moves no other one.
func settings(variables map[string]any) map[string]Setting {
	all := map[string]Setting{}
	// As JSON they are maps and lists of any, and numbers as they are written. Plans can be encoded.
	text, _ := json.Marshal(variables)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain map[string]any
	if decoder.Decode(&plain) == nil {
		flatten(all, "", plain)
	}
	return all
}

func flatten(all map[string]Setting, path string, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		if len(v) == 0 && path != "" {
			all[path] = Setting{Text: "{}"}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := shown(key)
			if path != "" {
				inner = path + "." + inner
			}
			flatten(all, inner, v[key])
		}
	case []any:
		list(all, path, v)
	default:
		all[path] = setting(path, fmt.Sprint(v))
	}
}

// list flattens one, with its order as a setting.
func list(all map[string]Setting, path string, elements []any) {
	if len(elements) == 0 {
		all[path] = Setting{Text: "[]"}
		return
	}
	seen := map[string]int{}
	var keys []string
	for i, element := range elements {
		key := cmp.Or(keyOf(element), fmt.Sprint(i))
		if seen[key]++; seen[key] > 1 {
			key = fmt.Sprintf("%s#%d", key, seen[key])
		}
		keys = append(keys, key)
		flatten(all, path+"["+key+"]", element)
	}
	if len(keys) > 1 {
		all[path+orderEnding] = Setting{Fingerprint: fingerprint(path, strings.Join(keys, "\x00"))}
	}
}

// naming are the fields that tell elements of Airship's lists apart.
var naming = []string{"name", "path", "url", "address", "mount"}

// keyOf is an element's name within its list; empty where it has none that can be shown.
func keyOf(element any) string {
	if m, is := element.(map[string]any); is {
		for _, name := range naming {
			if text, is := m[name].(string); is && text != "" {
				element = text
				break
			}
		}
	}
	switch element.(type) {
	case nil, map[string]any, []any:
		return ""
	}
	text := fmt.Sprint(element)
	if len(text) > longest || strings.Contains(text, "\n") || digested.MatchString(text) {
		return ""
	}
	return text
}

// userData is the variable with cloud-init's user data, which may be in one line and hold a password all the same.
const userData = "airship_user_data"

func setting(path, text string) Setting {
	lines := strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1
	switch {
	case digested.MatchString(text):
		// The digest of a short password is as good as the password.
		return Setting{Secret: true, Fingerprint: fingerprint(path, text)}
	case path == userData, len(text) > longest || lines > 1 || !utf8.ValidString(text):
		return Setting{Fingerprint: fingerprint(path, text), Lines: lines, Bytes: len(text)}
	}
	return Setting{Text: text}
}

// shown is a key without what stands for a secret.
func shown(key string) string { return digested.ReplaceAllString(key, "(secret)") }

// fingerprint tells texts in one place apart, and equal texts in two places are not seen to be equal.
func fingerprint(path, text string) string {
	sum := sha256.Sum256([]byte(path + "\x00" + text))
	return hex.EncodeToString(sum[:8])
}
