package kustomization

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/client-go/util/jsonpath"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// fieldPath is a path of Airship's: spec.x[name=foo].y, spec.x.0.y, or kubectl's JSONPath {.spec.x}.
type fieldPath []selection

// selection is one step of a fieldPath: a field, or elements of a list.
type selection struct {
	field string
	// one: the element at index, from the end where negative.
	one   bool
	index int
	// all: every element, or value of a mapping; those of a slice where bounds is there.
	all    bool
	bounds *[3]jsonpath.ParamsEntry
	// filter: the elements that it is true of.
	filter *filter
}

// filter compares what two paths lead to, from an element on; a path without steps is a literal.
type filter struct {
	left, right operand
	operator    string
}

type operand struct {
	path    fieldPath
	literal string
	// number: the literal is one.
	number bool
}

const maxPath = 4096

// parsePath reads a path in either form.
func parsePath(text string) (fieldPath, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, fmt.Errorf("the field path is empty")
	case len(text) > maxPath:
		return nil, fmt.Errorf("the field path is longer than %d characters", maxPath)
	case strings.HasPrefix(text, "{"):
		return parseJSONPath(text)
	}
	return parseDotted(text)
}

// parseDotted reads the form without braces: fields joined by dots, an index as a field or in brackets,
// [KEY=VALUE] for the elements whose key has the value, ['KEY'] for a key with dots.
func parseDotted(text string) (fieldPath, error) {
	var path fieldPath
	rest := strings.TrimPrefix(text, ".")
	for rest != "" {
		if rest[0] == '[' {
			inside, after, closed := strings.Cut(rest[1:], "]")
			if !closed {
				return nil, fmt.Errorf("the bracket in %s is not closed", mistake.Word(text))
			}
			one, err := bracket(inside, text)
			if err != nil {
				return nil, err
			}
			path = append(path, one)
			if after != "" && after[0] != '.' && after[0] != '[' {
				return nil, fmt.Errorf("%s has something behind a bracket that is neither . nor [", mistake.Word(text))
			}
			rest = strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(rest, ".[")
		field := rest
		if end >= 0 {
			field = rest[:end]
		}
		switch {
		case strings.Contains(field, "]"):
			return nil, fmt.Errorf("%s has a closing bracket without an opening one", mistake.Word(text))
		case field != "":
			path = append(path, fieldOrIndex(field))
		}
		if end < 0 {
			break
		}
		rest = strings.TrimPrefix(rest[end:], ".")
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("the field path %s names no field", mistake.Word(text))
	}
	return path, nil
}

func fieldOrIndex(text string) selection {
	if i, err := strconv.Atoi(text); err == nil && i >= 0 {
		return selection{one: true, index: i, field: text}
	}
	return selection{field: text}
}

func bracket(inside, text string) (selection, error) {
	if strings.Contains(inside, "[") {
		return selection{}, fmt.Errorf("%s has a bracket in a bracket", mistake.Word(text))
	}
	key, value, equal := strings.Cut(inside, "=")
	switch i, err := strconv.Atoi(inside); {
	case err == nil:
		return selection{one: true, index: i}, nil
	case inside == "*":
		return selection{all: true}, nil
	case equal && key != "":
		return selection{filter: &filter{
			left: operand{path: fieldPath{{field: key}}}, right: operand{literal: value}, operator: "==",
		}}, nil
	case strings.Trim(inside, `'"`) == "" || equal:
		return selection{}, fmt.Errorf("%s has a bracket without KEY=VALUE, an index or a key", mistake.Word(text))
	}
	return selection{field: strings.Trim(inside, `'"`)}, nil
}

// parseJSONPath reads kubectl's form, {.spec.x[?(@.name=="foo")].y}.
func parseJSONPath(text string) (path fieldPath, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			path, err = nil, fmt.Errorf("%s is not a JSONPath", mistake.Word(text))
		}
	}()
	parsed, err := jsonpath.Parse("field path", text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a JSONPath: %w", mistake.Word(text), err)
	}
	if len(parsed.Root.Nodes) != 1 {
		return nil, fmt.Errorf("%s is more than one JSONPath; want one {.field}", mistake.Word(text))
	}
	list, ok := parsed.Root.Nodes[0].(*jsonpath.ListNode)
	if !ok {
		return nil, fmt.Errorf("%s is not a JSONPath; want {.field}", mistake.Word(text))
	}
	return steps(list, text)
}

func steps(list *jsonpath.ListNode, text string) (fieldPath, error) {
	var path fieldPath
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *jsonpath.FieldNode:
			if n.Value != "" {
				path = append(path, selection{field: n.Value})
			}
		case *jsonpath.ArrayNode:
			if n.Params[0].Known && n.Params[1].Known && n.Params[1].Derived {
				path = append(path, selection{one: true, index: n.Params[0].Value})
				continue
			}
			bounds := n.Params
			path = append(path, selection{all: true, bounds: &bounds})
		case *jsonpath.WildcardNode:
			path = append(path, selection{all: true})
		case *jsonpath.FilterNode:
			left, err := operandOf(n.Left, text)
			if err != nil {
				return nil, err
			}
			right, err := operandOf(n.Right, text)
			if err != nil {
				return nil, err
			}
			path = append(path, selection{filter: &filter{left: left, right: right, operator: n.Operator}})
		default:
			return nil, fmt.Errorf("%s has something that is not evaluated here; want fields, [index], [a:b], [*] and [?(@.x==\"y\")]", mistake.Word(text))
		}
	}
	return path, nil
}

func operandOf(list *jsonpath.ListNode, text string) (operand, error) {
	if list == nil || len(list.Nodes) == 0 {
		return operand{}, nil
	}
	switch n := list.Nodes[0].(type) {
	case *jsonpath.TextNode:
		return operand{literal: n.Text}, nil
	case *jsonpath.IntNode:
		return operand{literal: strconv.Itoa(n.Value), number: true}, nil
	case *jsonpath.FloatNode:
		return operand{literal: strconv.FormatFloat(n.Value, 'f', -1, 64), number: true}, nil
	case *jsonpath.BoolNode:
		return operand{literal: strconv.FormatBool(n.Value)}, nil
	}
	path, err := steps(list, text)
	return operand{path: path}, err
}
