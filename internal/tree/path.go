package tree

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Path leads to one value of a document.
type Path []Step

// Step is one of: the field Key of a mapping, or the element of a list that Key numbers; the element
// Index of a list; the only element of a list whose field at the path Match has Value.
type Step struct {
	Key   string
	Index int // -1 where the step is another one
	Match []string
	Value string
}

// maxPath bounds a path's length in bytes.
const maxPath = 1024

// ParsePath reads a path: spec.a.b[0], spec.list[name=foo].url, kustomize's spec.list.[name=foo] and
// spec.list.0, Airship's {.spec.list[?(@.name=="foo")].url}. A dot in a key is written \. or the key
// as ["a.b"].
func ParsePath(text string) (Path, error) {
	rest := strings.TrimSpace(text)
	if len(rest) > maxPath {
		return nil, fmt.Errorf("is longer than %d characters", maxPath)
	}
	if strings.HasPrefix(rest, "{") {
		inner, closed := strings.CutSuffix(rest[1:], "}")
		if !closed {
			return nil, errors.New("begins with { and does not end with }")
		}
		rest = strings.TrimSpace(inner)
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "$"), ".")
	if rest == "" {
		return nil, errors.New("is empty; want a path such as spec.versions.kubernetes")
	}
	var path Path
	for rest != "" {
		next, after, err := nextStep(rest)
		if err != nil {
			return nil, err
		}
		path = append(path, next)
		if dotted, isDot := strings.CutPrefix(after, "."); isDot {
			if after = dotted; after == "" {
				return nil, errors.New("ends with a dot")
			}
		} else if after != "" && after[0] != '[' {
			return nil, fmt.Errorf("after %s want a dot or [", path)
		}
		rest = after
	}
	if len(path) > MaxDepth {
		return nil, fmt.Errorf("has more than %d steps", MaxDepth)
	}
	return path, nil
}

// nextStep reads the step at the head of text, which is not empty.
func nextStep(text string) (Step, string, error) {
	if text[0] == '[' {
		inner, rest, err := bracket(text)
		if err != nil {
			return Step{}, "", err
		}
		s, err := inBrackets(inner)
		return s, rest, err
	}
	var key strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			key.WriteByte(text[i])
			continue
		case c == '.' || c == '[':
			if key.Len() == 0 {
				return Step{}, "", errors.New("has two dots with nothing between them")
			}
			s, err := field(key.String())
			return s, text[i:], err
		case c == ']' || c == '{' || c == '}' || c < ' ':
			return Step{}, "", fmt.Errorf("has a %q where a field's name was expected", c)
		default:
			key.WriteByte(c)
		}
	}
	s, err := field(key.String())
	return s, "", err
}

// field is the step to a mapping's field.
func field(name string) (Step, error) {
	if name != strings.TrimSpace(name) || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		return Step{}, fmt.Errorf("has a field %q, with spaces around it or characters that no field's name has", name)
	}
	return Step{Key: name, Index: -1}, nil
}

// bracket is what is in the brackets that text begins with, and what follows them.
func bracket(text string) (inner, rest string, err error) {
	var quote byte
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ']':
			return strings.TrimSpace(text[1:i]), text[i+1:], nil
		}
	}
	return "", "", errors.New("has a [ that is not closed")
}

// inBrackets reads 0, "key", name=value or ?(@.name=="value").
func inBrackets(inner string) (Step, error) {
	if inner == "*" || strings.Contains(inner, ":") && strings.Trim(inner, "0123456789:-") == "" {
		return Step{}, fmt.Errorf("[%s] leads to several values; want one", inner)
	}
	if key, quoted := unquote(inner); quoted && key != "" {
		return field(key)
	}
	if i, err := strconv.Atoi(inner); err == nil {
		if i < 0 || i > MaxNodes || strings.HasPrefix(inner, "+") {
			return Step{}, fmt.Errorf("[%s] is not an element; the first is [0]", inner)
		}
		return Step{Index: i}, nil
	}
	condition := inner
	if filter, ok := strings.CutPrefix(inner, "?("); ok {
		closed := false
		if condition, closed = strings.CutSuffix(filter, ")"); !closed {
			return Step{}, errors.New("has a ?( that is not closed")
		}
		condition = strings.TrimPrefix(strings.TrimSpace(condition), "@.")
	}
	name, value, found := strings.Cut(condition, "=")
	value = strings.TrimPrefix(value, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if plain, quoted := unquote(value); quoted {
		value = plain
	}
	match := strings.Split(name, ".")
	if !found || slices.Contains(match, "") || strings.ContainsAny(name, "!<>~()[]@&|'\" ") || strings.ContainsAny(value, "()[]&|'\"\n") {
		return Step{}, fmt.Errorf("[%s] is not understood; want a number, name=value or ?(@.name==\"value\")", mistake.Word(inner))
	}
	return Step{Index: -1, Match: match, Value: value}, nil
}

func unquote(text string) (string, bool) {
	if len(text) >= 2 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] &&
		!strings.ContainsRune(text[1:len(text)-1], rune(text[0])) {
		return text[1 : len(text)-1], true
	}
	return text, false
}

// String is the path in the plain form, which ParsePath reads.
func (p Path) String() string {
	var text strings.Builder
	for i, s := range p {
		if s.Match == nil && s.Index < 0 && i > 0 {
			text.WriteByte('.')
		}
		text.WriteString(s.String())
	}
	return text.String()
}

// String is the step as it stands in a path, without a dot before it.
func (s Step) String() string {
	switch {
	case s.Match != nil:
		value := s.Value
		if value != strings.TrimSpace(value) || strings.HasPrefix(value, "=") {
			value = `"` + value + `"`
		}
		return fmt.Sprintf("[%s=%s]", strings.Join(s.Match, "."), value)
	case s.Index >= 0:
		return fmt.Sprintf("[%d]", s.Index)
	}
	return escape.Replace(s.Key)
}

var escape = strings.NewReplacer(`\`, `\\`, ".", `\.`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`, "$", `\$`)

// Get is the value that p leads to in root. The error says how far there is something.
func (p Path) Get(root *Node) (*Node, error) {
	node := root
	for i, s := range p {
		at, err := s.in(node, p[:i])
		if err != nil {
			return nil, err
		}
		node = node.Content[at]
	}
	return node, nil
}

// Put is a copy of root with value where p leads. Mappings that lack a field get it; the elements of
// lists must be there.
func (p Path) Put(root, value *Node) (*Node, error) { return p.put(root, value, 0) }

func (p Path) put(node, value *Node, i int) (*Node, error) {
	if i == len(p) {
		return value, nil
	}
	s := p[i]
	if node.IsNull() && s.Match == nil && s.Index < 0 {
		node = Mapping(value.Place)
	}
	if node.IsMapping() && s.Match == nil && s.Index < 0 {
		key, inner := node.Field(s.Key)
		if key == nil {
			key = Text(s.Key, node.Place.Key(mistake.Word(s.Key)).At(value.Place))
		}
		inner, err := p.put(inner, value, i+1)
		if err != nil {
			return nil, err
		}
		return node.With(key, inner), nil
	}
	at, err := s.in(node, p[:i])
	if err != nil {
		return nil, err
	}
	inner, err := p.put(node.Content[at], value, i+1)
	if err != nil {
		return nil, err
	}
	out := node.Shell()
	out.Content = slices.Clone(node.Content)
	out.Content[at] = inner
	return out, nil
}

// in is the position in node's content that the step leads to; before is the way to node.
func (s Step) in(node *Node, before Path) (int, error) {
	where := before.String()
	if where == "" {
		where = "the document"
	}
	if i, err := strconv.Atoi(s.Key); err == nil && s.Key != "" && node.IsList() {
		s = Step{Index: i}
	}
	switch {
	case s.Match != nil:
		return s.matching(node, where)
	case s.Index >= 0 && !node.IsList():
		return 0, fmt.Errorf("%s is %s, so it has no element [%d]", where, node.Describe(), s.Index)
	case s.Index >= 0 && s.Index >= len(node.Content):
		return 0, fmt.Errorf("%s has %d elements, so no [%d]; the first is [0]", where, len(node.Content), s.Index)
	case s.Index >= 0:
		return s.Index, nil
	case !node.IsMapping():
		return 0, fmt.Errorf("%s is %s, so it has no field %s", where, node.Describe(), mistake.Word(s.Key))
	}
	for at := 0; at+1 < len(node.Content); at += 2 {
		if node.Content[at].Value == s.Key {
			return at + 1, nil
		}
	}
	return 0, fmt.Errorf("%s has no field %s%s", where, mistake.Word(s.Key), suggest(s.Key, node.keys()))
}

func (s Step) matching(node *Node, where string) (int, error) {
	name := strings.Join(s.Match, ".")
	if !node.IsList() {
		return 0, fmt.Errorf("%s is %s, so it has no element whose %s is %s", where, node.Describe(), name, mistake.Word(s.Value))
	}
	found, count := 0, 0
	others := map[string]bool{}
	for i, element := range node.Content {
		value := element.Get(s.Match...)
		switch {
		case !value.IsScalar():
		case value.Value == s.Value:
			found, count = i, count+1
		case !value.Secret:
			others[value.Value] = true
		}
	}
	switch {
	case count == 0:
		return 0, fmt.Errorf("no element of %s has %s %s%s", where, name, mistake.Word(s.Value), suggest(s.Value, slices.Collect(maps.Keys(others))))
	case count > 1:
		return 0, fmt.Errorf("%d elements of %s have %s %s; want one", count, where, name, mistake.Word(s.Value))
	}
	return found, nil
}

func (n *Node) keys() []string {
	var keys []string
	n.Fields(func(key, _ *Node) { keys = append(keys, key.Value) })
	return keys
}

// suggest names what is there, as long as that is few. Among very many nothing is looked for.
func suggest(name string, there []string) string {
	const few, many = 20, 1000
	if len(there) > many {
		return ""
	}
	if len(there) > few {
		if best := mistake.Near(name, there); best != "" {
			return "; did you mean " + best + "?"
		}
		return ""
	}
	return mistake.Suggest(name, there)
}
