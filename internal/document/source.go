package document

import (
	"context"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/cluster"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Source says where documents are and what of them is read. It can be written as JSON and read in
// another process.
type Source struct {
	// Documents are files, directories and globs. A directory with a kustomization.yaml is built as
	// kustomize would; any other stands for its *.yaml and *.yml files, without those of directories in
	// it. A relative path starts in the working directory.
	Documents []string `json:"documents,omitempty"`
	// Cluster is a live cluster to read documents from, besides those of Documents.
	Cluster *cluster.Config `json:"cluster,omitempty"`
	// Phase is the name of a Phase: of the documents, its executor is the only image, and those of its
	// entry point are read, too.
	Phase string `json:"phase,omitempty"`
	// Overrides are areas of a spec as YAML, which lie over every profile.
	Overrides string `json:"overrides,omitempty"`
	// Platform takes the place of every profile's platform, Overrides' included.
	Platform string `json:"platform,omitempty"`
	// LeaveEncrypted keeps what sops encrypted as it is, unchecked, so that no key is needed.
	LeaveEncrypted bool `json:"leaveEncrypted,omitempty"`
}

// Set is what a site's documents hold.
type Set struct {
	// Files that were read, as the operator named them.
	Files []string
	// Warnings are about documents of which nothing has an effect.
	Warnings []string

	source   Source
	variants []*variant
}

// Read reads, layers and checks the documents.
//
// A file holds any number of YAML documents; those of other programs are passed over. The error holds all
// mistakes of all documents as Mistakes, those that checks find included; but what is wrong with a profile
// that others build on, or that Overrides or Platform change, is left to Select, as it may not be meant.
func (s Source) Read(ctx context.Context, checks ...Check) (*Set, error) {
	g := &gatherer{ctx: ctx, source: s, report: &tree.Report{}, directories: map[string]string{}}
	documents, end, err := g.gather()
	defer end()
	if err != nil {
		return nil, err
	}
	return g.assemble(documents, checks)
}

// assemble makes the set of documents that were gathered.
func (g *gatherer) assemble(documents []*tree.Node, checks []Check) (*Set, error) {
	r := g.report
	site := &site{
		report: r, checks: checks, overrides: g.source.overrides(r),
		directories: g.directories, parse: g.parse, open: g.open, fetch: g.fetch, resolved: g.resolved, comments: g.comments,
		leaveEncrypted: g.source.LeaveEncrypted,
		partial:        g.partial,
	}
	site.sort(documents)
	set := &Set{Files: g.files, source: g.source, variants: site.variants()}
	g.masked(set)
	mistakes := slices.Clone(r.Mistakes)
	if !g.source.changes() {
		for _, v := range set.variants {
			if !v.isBase {
				mistakes = append(mistakes, v.mistakes...)
			}
		}
	}
	if err := mistake.Join(mistakes); err != nil {
		return nil, err
	}
	set.Warnings = r.Warnings
	return set, nil
}

// changes says whether the source lays something over profiles.
func (s Source) changes() bool { return s.Overrides != "" || s.Platform != "" }

// overridesFile names HCL's overrides in messages.
const overridesFile = "overrides"

// overrides are what lies over every profile; nil for nothing.
func (s Source) overrides(r *tree.Report) *tree.Node {
	var spec *tree.Node
	if s.Overrides != "" {
		documents := tree.Parse(overridesFile, []byte(s.Overrides), r)
		switch {
		case len(documents) == 0:
			return nil
		case len(documents) > 1:
			r.Mistake(documents[1].Place, "want one document with areas of a NodeProfile's spec; this is another one")
		case !documents[0].IsMapping():
			r.Mistake(documents[0].Place, "want areas of a NodeProfile's spec, found %s", documents[0].Describe())
			return nil
		}
		spec = documents[0].Under("spec")
		for _, field := range []string{"extends", "valuesFrom"} {
			if key, value := spec.Field(field); !value.IsNull() {
				r.Mistake(key.Place, "belongs to a NodeProfile; overrides are areas alone")
			}
		}
		spec = withoutSecrets(spec, r)
	}
	if s.Platform != "" {
		at := tree.Place{File: "platform", Field: "spec.platform"}
		if spec == nil {
			spec = tree.Mapping(tree.Place{File: overridesFile, Field: "spec"})
		}
		spec = spec.Put(tree.Text(s.Platform, at), "platform")
	}
	return spec
}

// withoutSecrets refuses values of secret fields in overrides. A reference to a variable is none.
func withoutSecrets(spec *tree.Node, r *tree.Report) *tree.Node {
	return withSecrets(spec).Map(func(n *tree.Node) *tree.Node {
		if n.Secret && n.Value != "" && reference.ReplaceAllString(n.Value, "") != "" {
			r.Mistake(n.Place, "is a secret; put it into a document, since a template's text is shown")
			n.Tag = tree.Broken
		}
		return n
	})
}
