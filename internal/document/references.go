package document

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// references fills in Jinja references between a profile's variables: "{{ kernel_base_pkg }}",
// kubelet={{ k8s_version }}, {{ grub.GRUB_TIMEOUT }}. A value that is one reference and nothing
// else becomes what it refers to, of whatever type.
type references struct {
	// variables by name: every field of every area of the spec.
	variables map[string]*yaml.Node
	// open are the variables being filled in, to find one that refers to itself.
	open map[string]bool
	// nodes and depth of what was filled in so far, within the bounds of a document.
	nodes, depth int
	report       *report
}

// contexts are variables that Airship defines for everyone.
var contexts = map[string]string{"default_run_context": "common", "qcow_run_context": "qcow"}

// maxText bounds a string in bytes once its references are filled in.
const maxText = 64 << 10

var (
	jinja     = regexp.MustCompile(`\{[{%#]`)
	reference = regexp.MustCompile(`\{\{-?\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*-?\}\}`)
)

// variablesOf are the variables of a spec's areas and those that Airship defines.
func variablesOf(spec *yaml.Node) map[string]*yaml.Node {
	variables := map[string]*yaml.Node{}
	for name, value := range contexts {
		variables[name] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	}
	if spec == nil || spec.Kind != yaml.MappingNode {
		return variables
	}
	for i := 1; i < len(spec.Content); i += 2 {
		area := spec.Content[i]
		if area.Kind != yaml.MappingNode {
			continue
		}
		for j := 0; j+1 < len(area.Content); j += 2 {
			variables[area.Content[j].Value] = area.Content[j+1]
		}
	}
	return variables
}

// fill is node with its references filled in.
func (f *references) fill(node *yaml.Node, at place) (*yaml.Node, error) {
	if f.nodes++; f.nodes > maxNodes {
		return nil, errTooLarge
	}
	if f.depth++; f.depth > maxDepth {
		return nil, errTooDeep
	}
	defer func() { f.depth-- }()

	if node.Kind == yaml.ScalarNode {
		if node.Tag != "!!str" || !jinja.MatchString(node.Value) {
			return node, nil
		}
		return f.scalar(node, at.at(node))
	}
	out := shell(node)
	for i, child := range node.Content {
		inside := at
		switch {
		case node.Kind == yaml.SequenceNode:
			inside = at.index(i)
		case i%2 == 0:
			out.Content = append(out.Content, child)
			continue
		default:
			inside = at.key(word(node.Content[i-1].Value))
		}
		child, err := f.fill(child, inside)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, child)
	}
	return out, nil
}

func (f *references) scalar(node *yaml.Node, at place) (*yaml.Node, error) {
	spans := reference.FindAllStringSubmatchIndex(node.Value, -1)
	if jinja.MatchString(reference.ReplaceAllString(node.Value, "")) {
		return f.broken(node, at, "only plain references to variables, {{ name }}, are understood here; write the value itself"), nil
	}
	if len(spans) == 1 && spans[0][0] == 0 && spans[0][1] == len(node.Value) {
		return f.whole(node, at, node.Value[spans[0][2]:spans[0][3]])
	}
	var text strings.Builder
	end := 0
	for _, span := range spans {
		name := node.Value[span[2]:span[3]]
		value, err := f.variable(node, name, at)
		if err != nil || value.Tag == broken {
			return value, err
		}
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			return f.broken(node, at, "inside a text only a string, number or boolean can stand, and the variable "+word(name)+" is "+describe(value)), nil
		}
		text.WriteString(node.Value[end:span[0]] + value.Value)
		end = span[1]
		if text.Len() > maxText {
			return nil, errTooLarge
		}
	}
	text.WriteString(node.Value[end:])
	out := shell(node)
	out.Value = text.String()
	// A brace of the text and one of the variable's value may meet.
	if jinja.MatchString(out.Value) {
		return f.broken(node, at, "becomes a Jinja expression once its references are filled in; write the value itself"), nil
	}
	return out, nil
}

// whole is the value that takes a reference's place, with the reference's line and column.
func (f *references) whole(node *yaml.Node, at place, name string) (*yaml.Node, error) {
	value, err := f.variable(node, name, at)
	if err != nil {
		return nil, err
	}
	out := *value
	out.Line, out.Column = node.Line, node.Column
	return &out, nil
}

// broken reports node's mistake and is the node that takes its place.
func (f *references) broken(node *yaml.Node, at place, problem string) *yaml.Node {
	f.report.mistake(at, "%s", problem)
	out := shell(node)
	out.Tag = broken
	return out
}

// variable is the filled-in value of the variable that node refers to. A list comes with what
// its _append twin adds.
func (f *references) variable(node *yaml.Node, name string, at place) (*yaml.Node, error) {
	first, rest, _ := strings.Cut(name, ".")
	value := f.variables[first]
	for rest != "" && value != nil {
		var key string
		key, rest, _ = strings.Cut(rest, ".")
		_, value = lookup(value, key)
	}
	if value == nil {
		hint := "; it is not set in this profile"
		if best := near(first, slices.Sorted(maps.Keys(f.variables))); best != "" && best != first {
			hint = "; did you mean " + best + "?"
		}
		return f.broken(node, at, "unknown variable "+word(name)+hint), nil
	}
	if f.open[name] {
		return f.broken(node, at, "the variable "+word(name)+" refers to itself"), nil
	}
	f.open[name] = true
	defer delete(f.open, name)
	filled, err := f.fill(value, at)
	if err != nil {
		return nil, err
	}
	twin := f.variables[name+"_append"]
	if twin == nil || twin.Kind != yaml.SequenceNode || filled.Kind != yaml.SequenceNode {
		return filled, nil
	}
	added, err := f.fill(twin, at)
	if err != nil {
		return nil, err
	}
	out := shell(filled)
	out.Content = slices.Concat(filled.Content, added.Content)
	return out, nil
}
