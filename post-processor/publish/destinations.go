package publish

import (
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/provenance"
	"github.com/airshipit/packer-plugin-airship/internal/publish"
	"github.com/airshipit/packer-plugin-airship/internal/report"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
)

// destination is one that the order names.
type destination struct {
	publish.Destination
	kind string // as in point_to
	name string
}

// transfer is how registries and web servers are spoken to.
func (r run) transfer() publish.Transfer {
	return publish.Transfer{Proxies: store.ProxiesFrom(os.Getenv), CABundle: r.config.CABundle, Say: r.say}
}

// destinations of an order: the registry first, whose copy documents name by default. cache is what builds share.
func (r run) destinations(cache string) []destination {
	transfer := r.transfer()
	transfer.Locks = filepath.Join(cache, "tags")
	var all []destination
	if o := r.order; o.Registry != "" {
		all = append(all, destination{
			publish.Registry{Repository: o.Registry, Tag: o.Tag, Overwrite: o.Overwrite, Transfer: transfer}, toRegistry, o.Registry,
		})
	}
	if o := r.order; o.Directory != "" {
		all = append(all, destination{
			publish.Directory{
				Path: o.Directory, URL: o.URL, Overwrite: o.Overwrite, Transfer: transfer,
				Endings: []string{sbom.Ending, provenance.Ending, report.Ending},
			},
			toDirectory, o.Directory,
		})
	}
	if o := r.order; o.Bundle != "" {
		all = append(all, destination{publish.Bundle{Reference: o.Bundle, Overwrite: o.Overwrite, BesideOthers: len(all) > 0, Transfer: transfer}, "bundle", o.Bundle})
	}
	return all
}
