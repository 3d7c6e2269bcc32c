package site

import (
	"fmt"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Updated is what became of documents in memory.
type Updated struct {
	// Added are AirshipImages that none of the documents was.
	Added []*kyaml.RNode
	// Done are the documents that point at the images.
	Done []Done
	// Warnings are FILE: FIELD: text.
	Warnings []string
}

// Update points documents in memory at images, such as those of a KRM function's ResourceList. They change in place, all of
// them or, with an error, none. An encrypted one is refused.
func Update(documents []*kyaml.RNode, images []Image, request Request) (*Updated, error) {
	report := &tree.Report{}
	p := &planner{images: images, report: report, open: func(d *document) bool {
		if d.sealed {
			report.Mistake(d.root.Place, "%s is encrypted by sops, which covers all values; change its file instead", d.title())
		}
		return !d.sealed
	}}
	for _, node := range documents {
		if d := memoryDocument(node); d != nil {
			p.documents = append(p.documents, d)
		}
	}
	if err := p.plan(request, Output{}); err != nil {
		return nil, err
	}
	p.settle()
	var mistakes []*mistake.Mistake
	for _, plan := range p.plans {
		d := plan.document
		if d.node == nil {
			mistakes = append(mistakes, wrong(d, "is made of this entry by a template, and the entry has no image; run this function after the template"))
			continue
		}
		// Tried on a copy first, so that with a mistake in one document all stay as they are.
		if t := apply(clone(d.node), plan.sets); t != nil {
			mistakes = append(mistakes, wrong(d, "%s", t.problem))
		}
	}
	if err := mistake.Join(mistakes); err != nil {
		return nil, err
	}
	for _, plan := range p.plans {
		if !plan.changed {
			continue
		}
		if t := apply(plan.document.node, plan.sets); t != nil {
			return nil, fmt.Errorf("change %s: %w", plan.document.title(), t)
		}
	}
	out := &Updated{Done: p.done, Warnings: report.Warnings}
	for _, image := range p.absent {
		node, err := kyaml.Parse(string(newImage(image)))
		if err != nil {
			return nil, fmt.Errorf("write the AirshipImage %s: %w", image.name(), err)
		}
		out.Added = append(out.Added, node)
	}
	return out, nil
}

// pathAnnotations say which file a document of a ResourceList is from; the second is the older one.
var pathAnnotations = []string{"internal.config.kubernetes.io/path", "config.kubernetes.io/path"}

// memoryDocument is nil for what is no document of a site.
func memoryDocument(node *kyaml.RNode) *document {
	text, err := node.String()
	if err != nil {
		return nil
	}
	trees := tree.Parse("", []byte(text), &tree.Report{})
	if len(trees) != 1 || !trees[0].IsMapping() {
		return nil
	}
	file := ""
	for _, key := range pathAnnotations {
		if path := trees[0].Get("metadata", "annotations", key).String(); path != "" && file == "" {
			file = path
		}
	}
	root := trees[0].Map(func(n *tree.Node) *tree.Node {
		// Lines of a text that nobody wrote.
		n.Place.File, n.Place.Line, n.Place.Column = file, 0, 0
		return n
	})
	d := newDocument(root, node.YNode())
	d.origin = inMemory
	root.Walk(func(n *tree.Node) { d.sealed = d.sealed || isSealed(n.Value) })
	return d
}
