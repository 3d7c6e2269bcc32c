package transpose

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// parseText is the mapping in a text, YAML or JSON; nil after what is wrong with it was reported. Its
// values stand where the text does, and are secrets if it is one.
func parseText(text *tree.Node, r *tree.Report) *tree.Node {
	own := &tree.Report{}
	roots := tree.Parse(text.Place.File, []byte(text.Value), own)
	for _, m := range own.Mistakes {
		at := inside(text, tree.Place{Line: m.Line, Field: m.Field})
		problem := m.Problem
		switch {
		case len(roots) == 0 && m.Line == 0:
			problem = "the text holds nothing"
		case text.Secret && !strings.HasPrefix(problem, "the key "):
			// The parser's words repeat tags and anchors, which a badly quoted password can look like.
			problem = "is neither YAML nor JSON"
		}
		if at.Line == text.Place.Line && m.Line > 0 {
			r.Mistake(at, "line %d of the text: %s", m.Line, problem)
			continue
		}
		r.Mistake(at, "%s", problem)
	}
	switch {
	case len(own.Mistakes) > 0:
		return nil
	case len(roots) > 1:
		r.Mistake(inside(text, roots[1].Place), "is a second document; want one")
		return nil
	case !roots[0].IsMapping():
		r.Mistake(text.Place, "the text holds %s; want a mapping", roots[0].Describe())
		return nil
	}
	return roots[0].Map(func(node *tree.Node) *tree.Node {
		out := *node
		out.Place, out.Secret = inside(text, node.Place), text.Secret
		return &out
	})
}

// inside is the place in its file of what stands at a place of a text. The lines of a block (|) are
// the file's own; any other text is all at one place.
func inside(text *tree.Node, at tree.Place) tree.Place {
	out := text.Place
	if at.Field != "" {
		out.Field = tree.Join(out.Field, at.Field)
	}
	if text.Style&yaml.LiteralStyle != 0 && out.Line > 0 && at.Line > 0 {
		out.Line, out.Column = out.Line+at.Line, 0
	}
	return out
}
