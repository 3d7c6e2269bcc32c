package document

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/transpose"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// phase is what a phase would read: the documents of its entry point, and of those given its executor
// and whatever the entry point has no document of the same kind and name of. No other document says
// what is built.
func (g *gatherer) phase(given []*tree.Node) []*tree.Node {
	phase, ok := transpose.PhaseOf(given, g.source.Phase, g.report)
	if !ok {
		return nil
	}
	var documents []*tree.Node
	if directory, ok := phase.Directory(g.report); ok && directory != "" {
		documents = g.again(directory)
	}
	there := map[string]bool{}
	for _, root := range documents {
		there[identity(root)] = true
	}
	for _, root := range given {
		if !there[identity(root)] {
			documents = append(documents, root)
		}
	}
	builders := transpose.Executors()
	documents = slices.DeleteFunc(documents, func(root *tree.Node) bool {
		return slices.Contains(builders, root.Get("kind").String())
	})
	return append(documents, phase.Executor)
}

// identity is what tells documents apart, as kustomize and the cluster do.
func identity(root *tree.Node) string {
	text := ""
	for _, keys := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "namespace"}, {"metadata", "name"}} {
		text += root.Get(keys...).String() + "\n"
	}
	return text
}

// again reads a directory although some of its files were read for another reason.
func (g *gatherer) again(path string) []*tree.Node {
	read := &gatherer{
		ctx: g.ctx, source: g.source, report: g.report, directories: map[string]string{}, nodes: g.nodes, full: g.full,
	}
	documents := read.path(path)
	g.nodes, g.full = read.nodes, read.full
	for _, file := range read.files {
		if g.directories[file] == "" {
			g.directories[file] = read.directories[file]
			g.files = append(g.files, file)
		}
	}
	return documents
}
