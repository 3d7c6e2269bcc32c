package site

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// source is a YAML text whose values are found by line and column.
type source struct {
	data []byte
	// lines are where each line begins.
	lines []int
}

func newSource(data []byte) *source {
	s := &source{data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// start is where a node begins, behind its anchor and tag; -1 where its place is none in the text.
func (s *source) start(node *yaml.Node) int {
	if node.Line < 1 || node.Line > len(s.lines) {
		return -1
	}
	at := s.lines[node.Line-1]
	for range node.Column - 1 {
		_, size := utf8.DecodeRune(s.data[at:])
		if at += size; at > len(s.data) || size == 0 {
			return -1
		}
	}
	for at < len(s.data) && (s.data[at] == '&' || s.data[at] == '!') {
		for at < len(s.data) && !isBlank(s.data[at]) {
			at++
		}
		for at < len(s.data) && isBlank(s.data[at]) {
			at++
		}
	}
	return at
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// end is where a node ends; a block collection ends with its last value. after is where the end of an empty value is, behind
// its key. -1 where it cannot be told.
func (s *source) end(node *yaml.Node, after int) int {
	if node.Kind == yaml.ScalarNode && node.Style == 0 && node.Value == "" {
		return after
	}
	at := s.start(node)
	if at < 0 {
		return -1
	}
	switch node.Kind {
	case yaml.AliasNode:
		return s.token(at, "*"+node.Value)
	case yaml.ScalarNode:
		return s.scalarEnd(node, at)
	case yaml.MappingNode, yaml.SequenceNode:
		if node.Style&yaml.FlowStyle != 0 {
			return s.flowEnd(at)
		}
		if len(node.Content) == 0 {
			return -1
		}
		last := node.Content[len(node.Content)-1]
		behind := after
		if node.Kind == yaml.MappingNode {
			behind = s.colon(node.Content[len(node.Content)-2])
		} else if dash := s.start(last); dash >= 0 {
			behind = dash
		}
		return s.end(last, behind)
	}
	return -1
}

// colon is where the colon behind a key ends; -1 where there is none.
func (s *source) colon(key *yaml.Node) int {
	at := s.end(key, -1)
	for at >= 0 && at < len(s.data) && (s.data[at] == ' ' || s.data[at] == '\t') {
		at++
	}
	if at < 0 || at >= len(s.data) || s.data[at] != ':' {
		return -1
	}
	return at + 1
}

func (s *source) token(at int, text string) int {
	if !bytes.HasPrefix(s.data[at:], []byte(text)) {
		return -1
	}
	return at + len(text)
}

func (s *source) scalarEnd(node *yaml.Node, at int) int {
	switch {
	case node.Style&yaml.DoubleQuotedStyle != 0, node.Style&yaml.SingleQuotedStyle != 0:
		return s.quotedEnd(at)
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return s.blockEnd(at)
	}
	return s.plainEnd(at, node.Value)
}

// quotedEnd is behind the closing quote of the one at at.
func (s *source) quotedEnd(at int) int {
	if at >= len(s.data) || s.data[at] != '"' && s.data[at] != '\'' {
		return -1
	}
	quote := s.data[at]
	for i := at + 1; i < len(s.data); i++ {
		switch {
		case quote == '"' && s.data[i] == '\\':
			i++
		case s.data[i] != quote:
		case quote == '\'' && i+1 < len(s.data) && s.data[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// plainEnd follows a plain scalar, whose text is its value but for the breaks of a folded one.
func (s *source) plainEnd(at int, value string) int {
	for _, r := range value {
		if unicode.IsSpace(r) {
			for at < len(s.data) && isBlank(s.data[at]) {
				at++
			}
			continue
		}
		next, size := utf8.DecodeRune(s.data[at:])
		if next != r || size == 0 {
			return -1
		}
		at += size
	}
	return at
}

// blockEnd is the end of the last line of a literal or folded scalar, whose indicator is at at.
func (s *source) blockEnd(at int) int {
	if at >= len(s.data) || s.data[at] != '|' && s.data[at] != '>' {
		return -1
	}
	end, indent := s.lineEnd(at), -1
	for at = s.next(end); at < len(s.data); at = s.next(s.lineEnd(at)) {
		line := string(s.data[at:s.lineEnd(at)])
		content := strings.TrimLeft(line, " ")
		if content == "" {
			continue
		}
		if indent < 0 {
			indent = len(line) - len(content)
		}
		if len(line)-len(content) < indent || indent == 0 {
			break
		}
		end = s.lineEnd(at)
	}
	return end
}

// lineEnd is the end of the line that at is in, before its break.
func (s *source) lineEnd(at int) int {
	end := len(s.data)
	if i := bytes.IndexByte(s.data[at:], '\n'); i >= 0 {
		end = at + i
	}
	if end > at && s.data[end-1] == '\r' {
		end--
	}
	return end
}

// next is the begin of the line after the one that ends at end.
func (s *source) next(end int) int {
	if i := bytes.IndexByte(s.data[end:], '\n'); i >= 0 {
		return end + i + 1
	}
	return len(s.data)
}

// flowEnd is behind the bracket that closes the one at at.
func (s *source) flowEnd(at int) int {
	if at >= len(s.data) || s.data[at] != '{' && s.data[at] != '[' {
		return -1
	}
	depth := 0
	for i := at; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		// A quote opens a scalar only where one can begin.
		case (c == '"' || c == '\'') && strings.IndexByte(" \t\r\n{[,:", s.data[i-1]) >= 0:
			if i = s.quotedEnd(i) - 1; i < 0 {
				return -1
			}
		case c == '#' && isBlank(s.data[i-1]):
			i = s.lineEnd(i)
		}
	}
	return -1
}
