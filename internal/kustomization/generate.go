package kustomization

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// generate runs the Templaters among r's generators; what they give becomes a resource of r.
func (b *build) generate(r *root, configs []*tree.Node) error {
	if !slices.ContainsFunc(configs, isAirship) {
		return nil
	}
	var rest []*tree.Node
	for _, config := range configs {
		switch {
		case !isAirship(config):
			rest = append(rest, config)
		case config.Get("kind").String() == replacement:
			b.report.Mistake(config.Place, "%s changes documents, it generates none; list it in transformers", describe(config))
		default:
			b.template(r, config)
		}
	}
	if err := b.err(); err != nil {
		return err
	}
	return r.inline("generators", rest)
}

// template runs a Templater, of which a file that only the library sees is the result.
func (b *build) template(r *root, config *tree.Node) {
	text, ok := generate(b.disk.ctx, config, environment(config), b.report)
	if !ok || tree.Blank(text) {
		return
	}
	name := fmt.Sprintf(".templater-%d.yaml", len(b.virtual))
	b.virtual[filepath.Join(r.directory, name)] = virtual{text: text, at: config.Get("template").Place}
	resources := tree.List(r.tree.Place)
	if own := r.final.Get("resources"); own.IsList() {
		resources.Content = slices.Clone(own.Content)
	}
	resources.Content = append(resources.Content, tree.Text(name, r.tree.Place))
	r.final = r.final.Put(resources, "resources")
}

// environment gives the variables that a container would be given.
func environment(config *tree.Node) func(string) string {
	allowed := map[string]bool{}
	if list := annotation(config).Get("container", "envs"); list.IsList() {
		for _, variable := range list.Content {
			allowed[variable.Value] = true
		}
	}
	return func(name string) string {
		if !allowed[name] {
			return ""
		}
		return os.Getenv(name)
	}
}
