package provenance

import (
	"path"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
)

// Roles of dependencies, in their annotations.
const (
	roleSuite   = "suite"
	roleBase    = "base"
	roleToolbox = "toolbox"
)

// dependencies are the suites by their InRelease files, whose hashes cover every package of the image (the bill of
// materials lists these), the base, and each package of the toolbox.
func dependencies(b Build) []descriptor {
	all := []descriptor{}
	for _, s := range b.Lock.Suites {
		all = append(all, descriptor{
			Name: s.Source, URI: inRelease(b.Plan.RootFS.Sources, s), Digest: map[string]string{"sha256": s.InRelease},
			Annotations: map[string]string{"role": roleSuite, "suite": s.Suite, "date": s.Date.UTC().Format(time.RFC3339)},
		})
	}
	if algorithm, digest, ok := strings.Cut(baseOf(b.Plan), ":"); ok {
		all = append(all, descriptor{
			Name: roleBase, Digest: map[string]string{algorithm: digest}, Annotations: map[string]string{"role": roleBase},
		})
	}
	for _, p := range b.Toolbox.Packages {
		all = append(all, descriptor{
			Name:        p.Name,
			URI:         sbom.PackageURL(repository.Debian, b.Toolbox.Suite, p.Name, p.Version, p.Architecture),
			Digest:      map[string]string{"sha256": p.SHA256},
			Annotations: map[string]string{"role": roleToolbox},
		})
	}
	return all
}

// inRelease is the address of a suite's InRelease by the name that the image knows the repository by; empty where the
// source is not among sources, or its address cannot be shown.
func inRelease(sources []plan.Source, locked plan.LockedSuite) string {
	for _, s := range sources {
		if s.Name != locked.Source {
			continue
		}
		address := sbom.Address(s.URI)
		if address == "" {
			return ""
		}
		directory := s.Suite // of a flat repository, relative to its address
		if !strings.HasSuffix(directory, "/") {
			directory = path.Join("dists", directory)
		}
		return repository.Source{URI: address}.URL(path.Join(directory, "InRelease"))
	}
	return ""
}
