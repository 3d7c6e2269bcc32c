package document

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// sealedMark begins a value as sops encrypts it.
const sealedMark = "ENC[AES256_GCM,"

// sealed says whether a value is still as sops encrypted it, or has such a one in it. Nothing checks it, so
// a profile has such values under LeaveEncrypted alone: unsealed refuses them.
func sealed(node *tree.Node) bool {
	return node.Secret && strings.Contains(node.String(), sealedMark)
}

// unsealed reports what is still encrypted in a document although it was read with decryption: of files in
// other formats than YAML that a generator made a Secret of.
func unsealed(root *tree.Node, r *tree.Report) *tree.Node {
	found := false
	root.Walk(func(n *tree.Node) { found = found || sealed(n) })
	if !found {
		return root
	}
	return root.Map(func(n *tree.Node) *tree.Node {
		if sealed(n) {
			r.Mistake(n.Place, "is still encrypted: what sops encrypts is decrypted in YAML files alone; encrypt it in one")
			n.Tag = tree.Broken
		}
		return n
	})
}

// parse reads a text's documents, decrypted where it is encrypted; what was is marked as secret.
func (g *gatherer) parse(file string, data []byte, r *tree.Report) []*tree.Node {
	return g.conceal(g.decrypted(file, data, r))
}

func (g *gatherer) decrypted(file string, data []byte, r *tree.Report) []*tree.Node {
	if !sops.Encrypted(data) {
		return tree.Parse(file, data, r)
	}
	opened, err := g.decrypt(file, data)
	if err != nil {
		g.take(err, tree.Place{File: file}, r)
		return nil
	}
	documents := tree.Parse(file, opened.Text, r)
	for i, root := range documents {
		documents[i] = openly(opened.Mark(i, root))
	}
	// Of nothing after a last `---` sops makes an empty document.
	return slices.DeleteFunc(documents, func(root *tree.Node) bool { return root.IsMapping() && len(root.Content) == 0 })
}

func (g *gatherer) decrypt(file string, data []byte) (*sops.File, error) {
	if g.source.LeaveEncrypted {
		return sops.Seal(file, data)
	}
	return sops.Decrypt(g.ctx, file, data)
}

// openly is a document whose identity is no secret, even if sops encrypted all of it: messages,
// outputs and file names have it.
func openly(root *tree.Node) *tree.Node {
	open := func(n *tree.Node) *tree.Node {
		n.Secret = false
		return n
	}
	for _, keys := range [][]string{
		{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}, {"metadata", "labels"},
	} {
		if value := root.Get(keys...); value != nil {
			root = root.Put(value.Map(open), keys...)
		}
	}
	return root
}

// decryption is what was decrypted for a kustomization, whose documents are made of the clear texts.
type decryption struct {
	// files are the clear texts' values by their lines and columns, as they stand in the encrypted file.
	files map[string]map[position]*tree.Node
	// values are what was encrypted, to be found again where it was copied.
	values []string
}

type position struct{ line, column int }

// read decrypts a file that a kustomization reads.
func (d *decryption) read(g *gatherer, file string, data []byte) ([]byte, error) {
	if !sops.Encrypted(data) {
		return data, nil
	}
	opened, err := g.decrypt(file, data)
	if err != nil {
		return nil, err
	}
	values := map[position]*tree.Node{}
	for i, root := range tree.Parse(file, opened.Text, &tree.Report{}) {
		d.match(root, openly(opened.Mark(i, root)), values)
	}
	d.files[file] = values
	return opened.Text, nil
}

// match walks a document as it was parsed and as it is marked.
func (d *decryption) match(clear, marked *tree.Node, values map[position]*tree.Node) {
	values[position{clear.Place.Line, clear.Place.Column}] = marked
	if marked.Secret && marked.IsScalar() && marked.Value != "" {
		d.values = append(d.values, marked.Value)
	}
	for i, inner := range clear.Content {
		d.match(inner, marked.Content[i], values)
	}
}

// mark is a document of the kustomization with the places of the encrypted files, and with every value
// marked that was encrypted or holds a copy of such a one.
func (d *decryption) mark(root *tree.Node) *tree.Node {
	if len(d.files) == 0 {
		return root
	}
	slices.Sort(d.values)
	copies := newNeedles(slices.Compact(d.values))
	return openly(root.Map(func(n *tree.Node) *tree.Node {
		if was := d.files[n.Place.File][position{n.Place.Line, n.Place.Column}]; was != nil {
			n.Place.Line, n.Place.Column = was.Place.Line, was.Place.Column
			n.Secret = n.Secret || was.Secret && n.IsScalar()
		}
		if n.Tag == "!!str" && copies.in(n.Value) {
			n.Secret = true
		}
		return n
	}))
}
