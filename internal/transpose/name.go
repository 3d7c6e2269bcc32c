package transpose

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// notInName is what a resource's name does not take.
var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// entryName is the name of what an entry point's files make: the output's name without its ending,
// else the name of the directory that the files lie in, in the letters that a resource's name takes.
func entryName(output *tree.Node, directory string) string {
	if name := resourceName(stem(output.String())); name != "" {
		return name
	}
	if full, err := filepath.Abs(directory); err == nil {
		if name := resourceName(filepath.Base(full)); name != "" {
			return name
		}
	}
	return "airship-image"
}

// stem is a file name without directories and the endings of images.
func stem(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	for _, ending := range []string{".gz", ".xz", ".zst", ".iso", ".qcow2", ".qcow", ".tar", ".img", ".raw"} {
		if rest, ok := strings.CutSuffix(name, ending); ok && rest != "" {
			name = rest
		}
	}
	return name
}

// resourceName is text as a resource's name, 63 characters at most; empty where nothing of it is left.
func resourceName(text string) string {
	const most = 63
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return strings.TrimRight(name[:min(len(name), most)], "-")
}
