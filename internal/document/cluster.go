package document

import (
	"errors"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/cluster"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// cluster reads all documents of Airship's kinds from a cluster. Others are fetched when a document
// names them, until close is called.
func (g *gatherer) cluster(config cluster.Config) (documents []*tree.Node, end func()) {
	connection, err := cluster.Connect(g.ctx, config)
	if err != nil {
		g.take(err, tree.Place{}, g.report)
		return nil, func() {}
	}
	var kindsThere []schema.GroupVersionKind
	for _, kind := range kinds {
		kindsThere = append(kindsThere, schema.FromAPIVersionAndKind(v1alpha1.APIVersion, kind))
	}
	found, err := connection.Read(g.ctx, kindsThere)
	if err != nil {
		g.take(err, tree.Place{}, g.report)
		return nil, connection.Close
	}
	g.report.Warnings = append(g.report.Warnings, found.Warnings...)
	for i := range found.Objects {
		documents = append(documents, g.object(&found.Objects[i])...)
	}
	g.fetch = func(kind, name string, at tree.Place) []*tree.Node {
		return g.fetchFrom(connection, kind, name, at)
	}
	documents = append(documents, g.selected(documents)...)
	return g.count(documents), connection.Close
}

// selected are the Secrets and ConfigMaps that IsoConfigurations select by their names. Secrets
// are not listed, so one that is selected in another way must be among the other documents.
func (g *gatherer) selected(documents []*tree.Node) []*tree.Node {
	var found []*tree.Node
	seen := map[string]bool{}
	for _, root := range documents {
		if root.Get("kind").String() != v1alpha1.KindIsoConfiguration {
			continue
		}
		for _, field := range []string{"userDataSelector", "networkConfigSelector"} {
			selector := root.Get("builder", field)
			if !selector.IsMapping() {
				continue
			}
			kind, name := selector.Get("kind").String(), selector.Get("name").String()
			if key := kind + "/" + name; !seen[key] && regexp.QuoteMeta(name) == name {
				seen[key] = true
				found = append(found, g.fetch(kind, name, selector.Place)...)
			}
		}
	}
	return found
}

// object is what a cluster's object holds, without lines: nobody has seen those of its text.
func (g *gatherer) object(o *cluster.Object) []*tree.Node {
	r := &tree.Report{}
	documents := tree.Parse(o.Place, o.Text, r)
	for _, m := range r.Mistakes {
		m.Line, m.Column = 0, 0
	}
	g.report.Add(r)
	for i, root := range documents {
		documents[i] = root.Map(func(n *tree.Node) *tree.Node {
			n.Place.Line, n.Place.Column = 0, 0
			return n
		})
	}
	return g.conceal(documents)
}

// fetchable are the kinds that values come from besides Airship's.
var fetchable = []string{"ConfigMap", "Secret"}

// fetchFrom gets one document that at names; none where the cluster has none.
func (g *gatherer) fetchFrom(connection *cluster.Connection, kind, name string, at tree.Place) []*tree.Node {
	if !slices.Contains(fetchable, kind) || name == "" {
		return nil
	}
	object, err := connection.Get(g.ctx, schema.GroupVersionKind{Version: "v1", Kind: kind}, "", name)
	switch {
	case errors.Is(err, cluster.ErrAbsent):
		return nil
	case err != nil:
		g.take(err, at, g.report)
		return nil
	}
	return g.object(object)
}
