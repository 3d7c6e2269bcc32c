package transpose

import (
	"path/filepath"
	"strings"
)

// HostPath is where a file lies that a document's builder names: in the host's side of the container's
// volume (HOST:CONTAINER, with options behind it, or empty), else beside the document. A relative host's
// side starts at the document, too. Absolute names stay as they are, but those on the container's side
// of the volume are the host's.
func HostPath(document, volume, name string) string {
	host, container := Sides(volume)
	if inside, ok := strings.CutPrefix(name, container+"/"); ok && container != "" {
		name = inside
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	if !filepath.IsAbs(host) {
		host = filepath.Join(filepath.Dir(document), host)
	}
	return filepath.Join(host, name)
}

// Sides are a volume's host and container; a volume without a colon is the host's alone.
func Sides(volume string) (host, container string) {
	drive := ""
	if len(volume) > 2 && volume[1] == ':' && (volume[2] == '\\' || volume[2] == '/') && filepath.VolumeName(volume) != "" {
		drive, volume = volume[:2], volume[2:]
	}
	parts := strings.Split(volume, ":")
	if len(parts) > 1 {
		container = strings.TrimRight(parts[1], "/")
	}
	return drive + parts[0], container
}
