package site

import (
	"context"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// open decrypts the document of an encrypted file that is to change, as its message authentication code covers all values:
// only sops with a key can make another.
func (s *Site) open(ctx context.Context, d *document, report *tree.Report) bool {
	if d.file == nil || !d.file.encrypted || d.opened {
		return true
	}
	if d.index > 0 {
		report.Mistake(d.root.Place, "%s is in an encrypted file, of which sops changes the first document alone; give it a file of its own", d.title())
		return false
	}
	clear, err := s.tool.Decrypt(ctx, d.file.name, d.file.data)
	if err != nil {
		for _, m := range mistake.All(err) {
			m.Problem = d.title() + " is to change, but the file " + m.Problem
			report.Mistakes = append(report.Mistakes, m)
		}
		return false
	}
	documents := parse(d.file.name, clear.Text, report)
	if len(documents) == 0 {
		return false
	}
	d.root, d.node, d.opened = clear.Mark(0, documents[0].root), documents[0].node, true
	return true
}

// seal is the encrypted file with the changes of its first document. What sops made is decrypted again and compared.
func (s *Site) seal(ctx context.Context, plan *planned) ([]byte, error) {
	d := plan.document
	leaves, ok := sopsChanges(d.node, plan.sets, nil)
	if !ok {
		return nil, wrong(d, "is in an encrypted file, in which sops sets texts alone and no size; give it a file of its own that is not encrypted")
	}
	if len(leaves) == 0 {
		return d.file.data, nil
	}
	data, err := s.tool.Set(ctx, d.file.name, d.file.data, leaves)
	if err != nil {
		return nil, err
	}
	clear, err := s.tool.Decrypt(ctx, d.file.name, data)
	if err != nil {
		return nil, err
	}
	wanted := clone(d.node)
	if t := apply(wanted, plan.sets); t != nil {
		return nil, wrong(d, "%s", t.problem)
	}
	got, err := roots(clear.Text)
	if err != nil || len(got) == 0 || !alike(wanted, got[0]) {
		return nil, wrong(d, "is in an encrypted file that sops would change otherwise than asked; set the values with `sops edit`")
	}
	return data, nil
}

// sopsChanges are changes one by one; false where sops cannot make one.
func sopsChanges(node *yaml.Node, sets []set, path []any) (all []sops.Change, ok bool) {
	for _, c := range sets {
		step := append(append([]any{}, path...), any(c.key))
		if c.index >= 0 {
			step[len(step)-1] = c.index
		}
		at := -1
		if node != nil {
			at = c.find(node)
		}
		switch {
		case c.remove && at < 0:
		case c.remove:
			all = append(all, sops.Change{Path: step, Remove: true})
		case c.inner != nil:
			var below *yaml.Node
			if at >= 0 {
				below = node.Content[at]
			}
			inner, ok := sopsChanges(below, c.inner, step)
			if !ok {
				return nil, false
			}
			all = append(all, inner...)
		case at >= 0 && node.Content[at].Value == c.value && node.Content[at].ShortTag() == c.tag:
		case c.tag != tagText:
			return nil, false
		default:
			all = append(all, sops.Change{Path: step, Value: c.value})
		}
	}
	return all, true
}

// clone copies a tree.
func clone(node *yaml.Node) *yaml.Node {
	out := *node
	out.Content = nil
	for _, inner := range node.Content {
		out.Content = append(out.Content, clone(inner))
	}
	return &out
}

// wrong is a mistake about a document.
func wrong(d *document, format string, args ...any) *mistake.Mistake {
	report := &tree.Report{}
	report.Mistake(d.root.Place, d.title()+" "+format, args...)
	return report.Mistakes[0]
}
