package document

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// maxLine bounds how many profiles one profile builds on, well above what people write.
const maxLine = 200

// lineOf is w after all that it builds on, each once and after what it builds on itself: where two
// profiles that w extends share a third, that one lies below both. Of two that neither builds on the
// other, the one that a list of extends names later comes later. open is the way from the profile that
// was asked about, to find one that builds on itself.
func (s *site) lineOf(w *written, open []*written) []*written {
	if w.line != nil {
		return w.line
	}
	open = append(open, w)
	seen := map[*written]bool{}
	var line []*written
	for _, base := range w.extends {
		if i := slices.Index(open, base); i >= 0 {
			s.cycle(w, base, open[i:])
			continue
		}
		for _, below := range s.lineOf(base, open) {
			if !seen[below] {
				seen[below] = true
				line = append(line, below)
			}
		}
	}
	if len(line) > maxLine {
		s.report.Mistake(w.extending(""), "builds on more than %d other profiles", maxLine)
		line = nil
	}
	if len(w.extends) > 1 {
		line = sorted(line, w)
	}
	w.line = append(line, w)
	return w.line
}

// cycle reports that w extends base, which builds on w; between are the profiles from base to w.
func (s *site) cycle(w, base *written, between []*written) {
	if len(between) == 1 {
		s.report.Mistake(w.extending(base.name), "the profile %s extends itself", mistake.Word(w.name))
		return
	}
	const most = 10
	var names []string
	for _, one := range between {
		names = append(names, mistake.Word(one.name))
	}
	if len(names) > most {
		names = append(append(names[:most/2:most/2], "…"), names[len(names)-most/2:]...)
	}
	s.report.Mistake(w.extending(base.name), "the profile %s extends itself: %s → %s",
		mistake.Word(base.name), strings.Join(names, " → "), mistake.Word(base.name))
}

// extending is where w says that it extends the profile of a name or, without a name, any.
func (w *written) extending(name string) tree.Place {
	key, list := w.root.Get("spec").Field("extends")
	if list.IsList() {
		for _, element := range list.Content {
			if element.String() == name {
				return element.Place
			}
		}
	}
	if key == nil {
		return w.root.Place
	}
	return key.Place
}

// layered is the spec of w and of all that it builds on.
func (s *site) layered(w *written) *tree.Node {
	if w.spec != nil {
		return w.spec
	}
	line := s.lineOf(w, nil)
	var spec *tree.Node
	if n := len(w.extends); n > 0 && slices.Equal(line[:len(line)-1], s.lineOf(w.extends[n-1], nil)) {
		// The last one builds on all others, in the same order.
		spec, line = s.layered(w.extends[n-1]), line[len(line)-1:]
	}
	for _, one := range line {
		s.spend(one.own)
		spec = variables.Layer(spec, one.own)
	}
	w.spec = spec
	return spec
}

// maxWork bounds how many nodes are laid on others or decoded in one set: documents that share and
// repeat one another could ask for any number. A site of thousands of profiles has a tenth of it.
const maxWork = 3_000_000

// spend counts a layer against maxWork.
func (s *site) spend(n *tree.Node) {
	if n == nil || s.exhausted() {
		return
	}
	if s.work += n.Count(); s.exhausted() {
		s.report.Mistake(tree.Place{}, "the documents are too large together once profiles are laid on what they extend")
	}
}

func (s *site) exhausted() bool { return s.work > maxWork }
