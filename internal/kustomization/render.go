package kustomization

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// render is what kustomize makes of r with the kustomization, each value at the place it was written.
func (b *build) render(r *root, kustomization *tree.Node, functions bool) ([]*Document, error) {
	m, err := b.run(r, kustomization, functions)
	if err != nil {
		return nil, err
	}
	rendering := &rendering{b: b, r: r}
	for _, resource := range m.Resources() {
		origin, err := resource.GetOrigin()
		if err != nil {
			return nil, fmt.Errorf("read kustomize's origin: %w", err)
		}
		raw := &raw{}
		if origin != nil {
			raw.file, raw.generated = r.fileOf(origin.Path), false
			if origin.Path == "" {
				raw.file, raw.generated = r.fileOf(origin.ConfiguredIn), true
			}
		}
		rendering.raws = append(rendering.raws, raw)
	}
	if err := m.RemoveOriginAnnotations(); err != nil {
		return nil, fmt.Errorf("remove kustomize's origins: %w", err)
	}
	for i, resource := range m.Resources() {
		text, err := resource.RNode.String()
		if err != nil {
			return nil, fmt.Errorf("render YAML: %w", err)
		}
		report := &tree.Report{}
		raw := rendering.raws[i]
		raw.text = fromAside([]byte(text))
		roots := tree.Parse(b.disk.name(raw.file), raw.text, report)
		if err := report.Err(); err != nil || len(roots) != 1 {
			return nil, wrong(tree.Place{File: b.disk.name(raw.file)}, "what kustomize makes of it cannot be read again")
		}
		raw.root = roots[0]
	}
	var documents []*Document
	var flows []flow
	for i := range rendering.raws {
		documents = append(documents, rendering.document(i))
		flows = append(flows, rendering.raws[i].flows...)
	}
	rendering.hide(flows)
	return documents, nil
}

// rendering is the documents of one run; places are found on demand, since one may refer to another.
type rendering struct {
	b    *build
	r    *root
	raws []*raw
}

// raw is a document whose places are still those in its text.
type raw struct {
	text      []byte
	root      *tree.Node
	file      string
	generated bool
	done      *Document
	flows     []flow
	open      bool
}

func (x *rendering) document(i int) *Document {
	raw := x.raws[i]
	if raw.done != nil || raw.open {
		return raw.done
	}
	raw.open = true
	defer func() { raw.open = false }()

	id := identityOf(raw.root)
	id.file, id.generated = raw.file, raw.generated
	if !raw.generated {
		quiet := &build{disk: x.b.disk, report: &tree.Report{}}
		if document := original(items(quiet.parse(raw.file)), id); document != nil {
			id.names = append(id.names, identityOf(document).name)
		}
	}
	h := &history{b: x.b, id: id, replaced: x.source}
	file := x.b.disk.name(raw.file)
	if made, ok := x.b.virtual[raw.file]; ok {
		file = made.at.File
		h.writes = append(h.writes, write{node: tree.Mapping(made.at)})
	}
	h.root(x.r, id)
	places := &places{d: x.b.digests, writes: h.writes, secret: id.kind == "Secret", hidden: x.b.hidden}
	raw.done = &Document{
		Text: raw.text, File: file, Directory: filepath.Dir(file),
		Root: places.place(raw.root, nil, tree.Place{File: file}, nil, []*tree.Node{raw.root}),
	}
	for _, one := range h.flows {
		one.into = raw.done
		raw.flows = append(raw.flows, one)
	}
	return raw.done
}

// source is the value that a replacement of kustomize's own takes, with its place.
func (x *rendering) source(source *tree.Node) *tree.Node {
	path, plain := "metadata.name", true
	if own := source.Get("fieldPath").String(); own != "" {
		path = own
	}
	steps, plain := plainPath(path)
	if !plain {
		return nil
	}
	var found *tree.Node
	for i, raw := range x.raws {
		id := identityOf(raw.root)
		if !id.selected(source) {
			continue
		}
		document := x.document(i)
		if found != nil || document == nil {
			return nil
		}
		found = document.Root
	}
	for _, step := range steps {
		if found == nil {
			return nil
		}
		_, found = child(found, step)
	}
	return found
}

// places gives a rendered document's values the places of what wrote them.
type places struct {
	d      *digests
	writes []write
	// secret: the document is a Secret.
	secret bool
	// hidden says whether the value at a place was encrypted; nil for none.
	hidden func(tree.Place) bool
}

// place is a copy of n, at the end of path and chain, with the places found; around is the nearest
// place known, for what is found nowhere.
func (p *places) place(n, key *tree.Node, around tree.Place, path []string, chain []*tree.Node) *tree.Node {
	out := n.Shell()
	at, keyAt := around, around
	if sourceKey, source := p.find(path, chain); source != nil {
		at, keyAt = source.Place, source.Place
		if sourceKey != nil {
			keyAt = sourceKey.Place
		}
		out.Secret = source.Secret
	}
	if key != nil {
		key.Place = key.Place.At(keyAt)
	}
	out.Place = n.Place.At(at)
	out.Secret = out.Secret || p.secret && len(path) > 1 && (path[0] == "data" || path[0] == "stringData")
	out.Secret = out.Secret || p.hidden != nil && n.IsScalar() && p.hidden(out.Place)
	add := func(n, key *tree.Node, step string) *tree.Node {
		return p.place(n, key, at, append(path[:len(path):len(path)], step), append(chain[:len(chain):len(chain)], n))
	}
	if n.IsList() {
		for i, element := range n.Content {
			out.Content = append(out.Content, add(element, nil, strconv.Itoa(i)))
		}
		return out
	}
	n.Fields(func(key, value *tree.Node) {
		key = key.Shell()
		out.Content = append(out.Content, key, add(value, key, key.Value))
	})
	return out
}

// find is what wrote a value, with its key: the latest source that has the same value there. Else, for a
// scalar that kustomize has made of another, such as a name with a prefix, the latest that has any; for
// what several have made together, the first. nil where none has.
func (p *places) find(path []string, chain []*tree.Node) (key, value *tree.Node) {
	rendered := chain[len(chain)-1]
	for _, w := range p.writes {
		k, v := w.at(p.d, path, chain)
		if v == nil {
			continue
		}
		if p.d.of(v) == p.d.of(rendered) {
			return k, v
		}
		if v.Kind == rendered.Kind && (value == nil || !rendered.IsScalar()) {
			key, value = k, v
		}
	}
	return key, value
}
