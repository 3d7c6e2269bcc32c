package variables

import (
	"embed"
	"path"
	"strings"
)

// builtin holds a NodeProfile document in each file, called by its metadata.name.
//
//go:embed builtin/*.yaml
var builtin embed.FS

// Builtin is the document of a profile that is built in, as YAML; false where there is none of
// that name.
func Builtin(name string) ([]byte, bool) {
	text, err := builtin.ReadFile("builtin/" + name + ".yaml")
	return text, err == nil
}

// BuiltinNames are the profiles that are built in, sorted.
func BuiltinNames() []string {
	entries, err := builtin.ReadDir("builtin")
	if err != nil {
		return nil // the directory is part of this binary
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
	}
	return names
}
