package document

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/kustomization"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/transpose"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Bounds of one set, well above what sites have.
const (
	// maxDocuments is also far above what a cluster or a kustomization gives.
	maxDocuments = 20_000
	// maxNodes bounds what all documents hold; each node takes some 300 bytes.
	maxNodes = 2_000_000
)

// gatherer reads the documents that a source names.
type gatherer struct {
	ctx    context.Context
	source Source
	report *tree.Report
	// files that were read; directories are where relative paths in a file start.
	files       []string
	directories map[string]string
	// resolved: profiles have their images' params already.
	resolved bool
	// comments is the text that was read, where its comments say what places its values are from.
	comments string
	// nodes is how many were read.
	nodes int
	full  bool
	// secrets are the values that no message may show, identities the documents' names, which they may.
	secrets, identities map[string]bool
	// partial: of what was to be read something could not be, so that nothing follows from what is missing.
	partial bool
	// fetch looks for a document in the cluster; nil without one.
	fetch func(kind, name string, at tree.Place) []*tree.Node
}

// gather is all documents, those of other kinds than NodeProfile and AirshipImage transposed. The
// caller calls end once no more documents can be asked for.
func (g *gatherer) gather() (documents []*tree.Node, end func(), err error) {
	end = func() {}
	if len(g.source.Documents) == 0 && g.source.Cluster == nil {
		g.report.Mistake(tree.Place{}, "no documents are named; want files, directories or globs")
	}
	for _, path := range g.source.Documents {
		documents = append(documents, g.path(path)...)
		if err := g.ctx.Err(); err != nil {
			return nil, end, context.Cause(g.ctx)
		}
	}
	if g.source.Cluster != nil {
		found, closing := g.cluster(*g.source.Cluster)
		documents, end = append(documents, found...), closing
	}
	if g.source.Phase != "" && len(g.report.Mistakes) == 0 {
		documents = g.phase(documents)
	}
	return g.transposed(documents), end, nil
}

// path reads what one path of the operator's leads to.
func (g *gatherer) path(path string) []*tree.Node {
	found, problem := expand(path)
	if problem != "" {
		g.report.Mistake(tree.Place{File: path}, "%s", problem)
		return nil
	}
	if found.kustomization {
		return g.kustomization(path)
	}
	var documents []*tree.Node
	for _, file := range found.files {
		documents = append(documents, g.file(filepath.Clean(file))...)
	}
	return documents
}

// file reads a file, once.
func (g *gatherer) file(file string) []*tree.Node {
	if _, known := g.directories[file]; known || g.full {
		return nil
	}
	g.directories[file] = filepath.Dir(file)
	g.files = append(g.files, file)
	if len(g.files) > maxFiles {
		g.overflow(fmt.Sprintf("the documents are more than %d files", maxFiles))
		return nil
	}
	data, problem := load(file)
	if problem != "" {
		g.report.Mistake(tree.Place{File: file}, "%s", problem)
		return nil
	}
	// Airship ships some of these with nothing but comments.
	if transpose.Role(file) != "" && tree.Blank(data) {
		return nil
	}
	return g.count(g.parse(file, data, g.report))
}

// otherSops tells files that sops encrypted in another form than YAML: JSON and binary, dotenv, ini.
var otherSops = regexp.MustCompile(`(?s)\A\s*\{.*"sops"\s*:|(?m)^sops_mac=ENC\[|^\[sops\]\s*$`)

// open is a text that need not be YAML, decrypted where sops encrypted it as YAML; secret says whether it
// was. false: what is wrong was reported.
func (g *gatherer) open(file string, data []byte, r *tree.Report) (text []byte, secret, ok bool) {
	switch {
	case bytes.Contains(data, []byte(sealedMark)) && otherSops.Match(data):
		r.Mistake(tree.Place{File: file}, "is encrypted by sops; want it as YAML: sops encrypt --input-type yaml --output-type yaml")
		return nil, true, false
	case !sops.Encrypted(data):
		return data, false, true
	}
	opened, err := g.decrypt(file, data)
	if err != nil {
		g.take(err, tree.Place{File: file}, r)
		return nil, true, false
	}
	return opened.Text, true, true
}

// count keeps what is read in bounds.
func (g *gatherer) count(documents []*tree.Node) []*tree.Node {
	for _, root := range documents {
		g.nodes += root.Count()
	}
	if g.nodes > maxNodes && !g.full {
		g.overflow("the documents are too large together; name fewer of them")
	}
	if g.full {
		return nil
	}
	return documents
}

func (g *gatherer) overflow(problem string) {
	if !g.full {
		g.full = true
		g.report.Mistake(tree.Place{}, "%s", problem)
	}
}

// kustomization builds a directory.
func (g *gatherer) kustomization(directory string) []*tree.Node {
	opened := &decryption{files: map[string]map[position]*tree.Node{}}
	built, err := kustomization.Build(g.ctx, directory, kustomization.Options{Read: func(file string, data []byte) ([]byte, error) {
		return opened.read(g, file, data)
	}, Secret: func(at tree.Place) bool {
		was := opened.files[at.File][position{at.Line, at.Column}]
		return was != nil && was.Secret
	}})
	if err != nil {
		g.take(err, tree.Place{File: directory}, g.report)
		return nil
	}
	g.report.Warnings = append(g.report.Warnings, built.Warnings...)
	for _, file := range built.Files {
		if !slices.Contains(g.files, file) {
			g.files = append(g.files, file)
		}
		g.directories[file] = filepath.Dir(file)
	}
	var documents []*tree.Node
	for _, document := range built.Documents {
		g.directories[document.File] = document.Directory
		documents = append(documents, opened.mark(document.Root))
	}
	return g.count(g.conceal(documents))
}

// take reports an error of another room; at is where it has to do with.
func (g *gatherer) take(err error, at tree.Place, r *tree.Report) {
	found := mistake.All(err)
	if len(found) == 0 {
		r.Mistake(at, "%s", err)
	}
	r.Mistakes = append(r.Mistakes, found...)
}

// transposed is documents with those of Airship's other kinds as the two that images are built from.
func (g *gatherer) transposed(documents []*tree.Node) []*tree.Node {
	if len(documents) > maxDocuments {
		g.overflow(fmt.Sprintf("there are more than %d documents", maxDocuments))
	}
	if g.full {
		return nil
	}
	g.partial = len(g.report.Mistakes) > 0
	env := transpose.Environment{
		Partial:   g.partial,
		ImageType: os.Getenv("IMAGE_TYPE"),
		Load:      func(file string, _ *tree.Report) []*tree.Node { return g.file(filepath.Clean(file)) },
	}
	return transpose.Documents(documents, env, g.report)
}
