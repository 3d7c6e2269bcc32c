package site

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// roots are those of a text's documents, empty ones left out as tree.Parse does.
func roots(data []byte) ([]*yaml.Node, error) {
	var all []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(document.Content) == 1 && document.Content[0].Tag != tagNull {
			all = append(all, document.Content[0])
		}
	}
}

// splice makes changes in the text of YAML documents, at the places of the values alone: kyaml's and every other printer lays
// out anew what was not changed. documents are the changes by their documents' positions.
func splice(data []byte, documents map[int][]set) ([]byte, error) {
	before, err := roots(data)
	if err != nil {
		return nil, err
	}
	s := &splicer{source: newSource(data), eol: "\n"}
	if at := bytes.IndexByte(data, '\n'); at > 0 && data[at-1] == '\r' {
		s.eol = "\r\n"
	}
	for i, root := range before {
		if sets := documents[i]; sets != nil {
			s.step = stepOf(root)
			if t := s.into(root, sets); t != nil {
				return nil, t
			}
		}
	}
	after := s.result()
	// What was written is read again, so that no text that this file takes for another one is ever handed out.
	got, err := roots(after)
	if err != nil || len(got) != len(before) {
		return nil, errors.Join(errLayout, err)
	}
	for i, root := range before {
		if t := apply(root, documents[i]); t != nil {
			return nil, t
		}
		if !alike(root, got[i]) {
			return nil, cannot(root, "%s", errLayout)
		}
	}
	return after, nil
}

var errLayout = errors.New("is laid out in a way that cannot be changed without laying it out anew; lay it out in the usual way, or take a patch")

type splicer struct {
	*source
	eol string
	// step is by how many spaces the document indents.
	step int
	cuts []cut
}

// cut replaces the text between two places.
type cut struct {
	from, to int
	text     string
}

func (s *splicer) result() []byte {
	slices.SortStableFunc(s.cuts, func(a, b cut) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out bytes.Buffer
	at := 0
	for _, c := range s.cuts {
		if c.from < at {
			continue // two cuts overlap, which the reading again shows
		}
		out.Write(s.data[at:c.from])
		out.WriteString(c.text)
		at = c.to
	}
	out.Write(s.data[at:])
	return out.Bytes()
}

func (s *splicer) cut(from, to int, text string) { s.cuts = append(s.cuts, cut{from, to, text}) }

// stepOf is by how many spaces a document's mappings are indented; 2 where that does not show.
func stepOf(node *yaml.Node) int {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0 && len(value.Content) > 0 {
			if step := value.Content[0].Column - key.Column; step > 0 {
				return step
			}
		}
	}
	return 2
}

// into makes the changes inside a mapping or list.
func (s *splicer) into(node *yaml.Node, sets []set) *trouble {
	for i, c := range sets {
		at := c.find(node)
		var t *trouble
		switch {
		case c.remove:
			if at >= 0 {
				t = s.remove(node, at, sets)
			}
		case at < 0 && node.Kind != yaml.MappingNode:
			t = cannot(node, "is no mapping, so it takes no %s", c.key)
		case at < 0:
			t = s.insert(node, sets, i)
		default:
			t = s.change(node, at, c)
		}
		if t != nil {
			return t
		}
	}
	return nil
}

// behind is where an empty value at a position of a collection's content would be.
func (s *splicer) behind(node *yaml.Node, at int) int {
	if node.Kind == yaml.MappingNode {
		return s.colon(node.Content[at-1])
	}
	return s.start(node.Content[at])
}

// change changes the value at a position of a collection's content.
func (s *splicer) change(node *yaml.Node, at int, c set) *trouble {
	value := node.Content[at]
	isNull := value.Kind == yaml.ScalarNode && value.ShortTag() == tagNull
	if c.inner == nil && value.Kind == yaml.ScalarNode && value.Value == c.value && value.ShortTag() == c.tag {
		return nil
	}
	if value.Kind != yaml.AliasNode || c.inner != nil {
		if t := shared(value); t != nil {
			return t
		}
	}
	switch {
	case c.inner != nil && value.Kind != yaml.ScalarNode:
		return s.into(value, c.inner)
	case c.inner != nil && !isNull:
		return cannot(value, "is a text; want a mapping here")
	case c.inner == nil && value.Kind != yaml.ScalarNode && value.Kind != yaml.AliasNode:
		return cannot(value, "is no text; want one here")
	}
	colon := s.behind(node, at)
	end := s.end(value, colon)
	if colon < 0 || end < 0 {
		return cannot(value, "%s", errLayout)
	}
	empty := end == colon && node.Kind == yaml.MappingNode
	from := colon
	if !empty {
		from = s.start(value)
	}
	switch {
	case c.inner != nil && node.Style&yaml.FlowStyle != 0:
		s.cut(colon, end, " "+flow(c))
	case c.inner != nil && node.Kind != yaml.MappingNode:
		return cannot(value, "%s", errLayout)
	case c.inner != nil:
		s.cut(colon, end, "")
		s.cut(s.lineEnd(end), s.lineEnd(end), s.block(c.inner, node.Content[at-1].Column-1+s.step))
	case empty:
		s.cut(colon, end, " "+scalar(c, 0))
	case node.Style&yaml.FlowStyle != 0 && value.Style == 0:
		s.cut(from, end, flow(c))
	default:
		s.cut(from, end, scalar(c, value.Style))
	}
	return nil
}

// insert adds the new key of sets[i] to a mapping.
func (s *splicer) insert(node *yaml.Node, sets []set, i int) *trouble {
	isFlow := node.Style&yaml.FlowStyle != 0
	at := anchor(node, sets, i)
	if at < 0 {
		start := s.start(node)
		if !isFlow || start < 0 || len(node.Content) > 0 {
			return cannot(node, "%s", errLayout)
		}
		text := plain(sets[i].key) + ": " + flow(sets[i])
		if slices.ContainsFunc(sets[:i], func(before set) bool { return !before.remove }) {
			text = ", " + text
		}
		s.cut(start+1, start+1, text)
		return nil
	}
	end := s.end(node.Content[at], s.behind(node, at))
	if end < 0 {
		return cannot(node, "%s", errLayout)
	}
	if isFlow {
		s.cut(end, end, ", "+plain(sets[i].key)+": "+flow(sets[i]))
		return nil
	}
	end = s.lineEnd(end)
	s.cut(end, end, s.block(sets[i:i+1], node.Content[0].Column-1))
	return nil
}

// remove takes the pair whose value is at a position of a mapping's content out of it.
func (s *splicer) remove(node *yaml.Node, at int, sets []set) *trouble {
	key := node.Content[at-1]
	from, to := s.start(key), s.end(node.Content[at], s.colon(key))
	if from < 0 || to < 0 {
		return cannot(key, "%s", errLayout)
	}
	gone := func(at int) bool {
		return slices.ContainsFunc(sets, func(c set) bool { return c.remove && c.find(node) == at })
	}
	isFirst := true
	for before := at - 2; before > 0; before -= 2 {
		isFirst = isFirst && gone(before)
	}
	line := s.lines[key.Line-1]
	switch isFlow := node.Style&yaml.FlowStyle != 0; {
	case !isFlow && strings.TrimSpace(string(s.data[line:from])) == "":
		s.cut(line, s.next(to), "")
	case isFirst && at+1 < len(node.Content):
		s.cut(from, s.start(node.Content[at+1]), "")
	case isFlow && at > 1:
		s.cut(s.end(node.Content[at-2], s.colon(node.Content[at-3])), to, "")
	case isFlow:
		s.cut(from, to, "")
	default:
		return cannot(key, "%s", errLayout)
	}
	return nil
}

// block is new keys as lines, each with the break before it.
func (s *splicer) block(sets []set, indent int) string {
	var out strings.Builder
	for _, c := range sets {
		if c.remove {
			continue
		}
		out.WriteString(s.eol + strings.Repeat(" ", indent) + plain(c.key) + ":")
		if c.inner == nil {
			out.WriteString(" " + scalar(c, 0))
		} else {
			out.WriteString(s.block(c.inner, indent+s.step))
		}
	}
	return out.String()
}

// flow is a value on one line.
func flow(c set) string {
	if c.inner == nil {
		if c.tag == tagText && strings.ContainsAny(c.value, ",[]{}") {
			return scalar(c, yaml.DoubleQuotedStyle)
		}
		return scalar(c, 0)
	}
	var all []string
	for _, inner := range c.inner {
		if !inner.remove {
			all = append(all, plain(inner.key)+": "+flow(inner))
		}
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// scalar is a value as text, quoted as the one before it was, or where it must be.
func scalar(c set, style yaml.Style) string {
	if c.tag != tagText {
		return c.value
	}
	switch {
	case style&yaml.DoubleQuotedStyle != 0 && !strings.ContainsAny(c.value, `"\`):
		return `"` + c.value + `"`
	case style&yaml.SingleQuotedStyle != 0:
		return "'" + strings.ReplaceAll(c.value, "'", "''") + "'"
	}
	return plain(c.value)
}

// plain is a text of one line without quotes, or with them where YAML would read something else.
func plain(value string) string {
	data, err := yaml.Marshal(value)
	if err != nil || bytes.Count(data, []byte("\n")) != 1 {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
	}
	return strings.TrimSuffix(string(data), "\n")
}
