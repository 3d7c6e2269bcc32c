package kustomization

import (
	"fmt"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// transform runs Airship's functions among r's transformers. Each sees what kustomize makes of r up to
// there; a patch of what it changed takes its place, so that kustomize goes on with what it knows of
// the resources.
func (b *build) transform(r *root, configs []*tree.Node) error {
	if slices.ContainsFunc(configs, isAirship) && r.component {
		b.report.Mistake(r.tree.Place, "a component's functions are not evaluated here; list them in the kustomization that uses the component")
		return b.err()
	}
	var done []*tree.Node
	for len(configs) > 0 {
		if !isAirship(configs[0]) {
			done = append(done, configs[0])
			r.steps = append(r.steps, step{builtin: configs[0]})
			configs = configs[1:]
			continue
		}
		n := slices.IndexFunc(configs, func(config *tree.Node) bool { return !isAirship(config) })
		if n < 0 {
			n = len(configs)
		}
		patches, err := b.apply(r, done, configs[:n])
		if err != nil {
			return err
		}
		done = append(done, patches...)
		configs = configs[n:]
	}
	// Where nothing was Airship's, the list stays as it is written.
	if !slices.ContainsFunc(r.steps, func(s step) bool { return s.builtin == nil }) {
		return nil
	}
	return r.inline("transformers", done)
}

// apply runs functions that follow each other and gives kustomize's patches that do the same.
func (b *build) apply(r *root, before, functions []*tree.Node) ([]*tree.Node, error) {
	for _, config := range functions {
		if config.Get("kind").String() == templater {
			if err := b.templateAmong(r, config); err != nil {
				return nil, err
			}
		}
	}
	stage := r.staged(before)
	documents, err := b.render(r, stage, true)
	if err != nil {
		return nil, err
	}
	x := &replacer{report: b.report, changes: make([][]write, len(documents))}
	for _, d := range documents {
		x.documents = append(x.documents, d.Root)
	}
	for _, config := range functions {
		if config.Get("kind").String() == replacement {
			x.run(config)
		}
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	changes := map[string][]write{}
	var patches []*tree.Node
	for i, d := range documents {
		if len(x.changes[i]) == 0 {
			continue
		}
		id := identityOf(d.Root)
		changes[keyOf(id)] = x.changes[i]
		patch, err := patchFor(fmt.Sprintf("airship-%d-%d", len(r.steps), i), id, d.Root, x.documents[i])
		if err != nil {
			return nil, err
		}
		if patch != nil {
			patches = append(patches, patch)
		}
	}
	r.steps = append(r.steps, step{changes: changes})
	return patches, b.verify(r, append(slices.Clone(before), patches...), functions[0], x.documents)
}

// staged is r with the transformers so far and no more.
func (r *root) staged(transformers []*tree.Node) *tree.Node {
	other := *r
	if err := other.inline("transformers", transformers); err != nil {
		return r.final.Without("transformers")
	}
	return other.final.Without("validators")
}

// verify builds r as far as the patches and compares: kustomize also selects resources by names that
// they had before, so a patch may reach another.
func (b *build) verify(r *root, transformers []*tree.Node, function *tree.Node, want []*tree.Node) error {
	documents, err := b.render(r, r.staged(transformers), true)
	if err != nil {
		return err
	}
	same := len(documents) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = b.digests.of(documents[i].Root) == b.digests.of(want[i])
	}
	if !same {
		return wrong(function.Place, "what %s changes cannot be told apart: a resource has the name that another had before a prefix or suffix; "+
			"give the resources different names", describe(function))
	}
	return nil
}

// templateAmong runs a Templater among the transformers. What it gives is there from the start, which
// is the same only where nothing else changes r's resources.
func (b *build) templateAmong(r *root, config *tree.Node) error {
	changing := []string{
		"namePrefix", "nameSuffix", "namespace", "commonLabels", "labels", "commonAnnotations", "patches",
		"patchesStrategicMerge", "patchesJson6902", "images", "imageTags", "replicas", "replacements", "components",
	}
	for _, field := range changing {
		if r.tree.Get(field) != nil {
			return wrong(config.Place, "%s is among the transformers of a kustomization that has %s, too, and it would come first; list it in generators",
				describe(config), field)
		}
	}
	if slices.ContainsFunc(r.steps, func(s step) bool { return s.builtin != nil }) {
		return wrong(config.Place, "%s comes after other transformers, and it would come first; list it in generators", describe(config))
	}
	b.template(r, config)
	return b.err()
}
