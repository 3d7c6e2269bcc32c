package repository

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
)

// servedFields are those of a Release file that pins and the choice of indices depend on
// (debReleaseIndex::Load of apt 3.0).
var servedFields = []string{
	"Origin", "Label", "Suite", "Codename", "Version", "Date", "Architectures", "Components",
	"NotAutomatic", "ButAutomaticUpgrades", "No-Support-for-Architecture-all",
}

// AddNarrowed serves a narrowed release for resolving, without its packages, below the paths that it
// has itself. It is not signed: what it was made from was verified, and apt's source says
// trusted=yes. An apt that is asked for its URIs names the release's own files below the mount's.
func (s *Server) AddNarrowed(n Narrowed) Mount {
	r := n.release
	dists := r.Source.dists()
	files := map[string]served{}
	var release strings.Builder
	for _, name := range servedFields {
		if value := r.fields[strings.ToLower(name)]; value != "" {
			fmt.Fprintf(&release, "%s: %s\n", name, value)
		}
	}
	release.WriteString("SHA256:\n")
	for i, index := range r.Indices {
		name := path.Join(path.Dir(index.Path), "Packages")
		files[path.Join(dists, name)] = served{content: n.packages[i], modified: r.Date}
		fmt.Fprintf(&release, " %x %d %s\n", sha256.Sum256(n.packages[i]), len(n.packages[i]), name)
	}
	files[path.Join(dists, "Release")] = served{content: []byte(release.String()), modified: r.Date}
	return s.mount(files, r.Source.Suite, r.Source.Components)
}
