package document

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// references fills in Jinja references between a profile's variables: "{{ kernel_base_pkg }}",
// kubelet={{ k8s_version }}, {{ grub.GRUB_TIMEOUT }}. A value that is one reference and nothing
// else becomes what it refers to, of whatever type.
type references struct {
	// variables by name: every field of every area of the spec.
	variables map[string]*tree.Node
	// open are the variables being filled in, to find one that refers to itself.
	open map[string]bool
	// nodes and depth of what was filled in so far, within the bounds of a document.
	nodes, depth int
	names        []string // of the variables, sorted
	nearness
	report *tree.Report
	// circular are the variables that were found to refer to themselves, and are open.
	circular map[string]bool
	// left are the unknown variables of templates that were warned of.
	left map[string]bool
}

// contexts are variables that Airship defines for everyone.
var contexts = map[string]string{"default_run_context": "common", "qcow_run_context": "qcow"}

// maxFilled bounds a string in bytes once its references are filled in; one without any may be longer.
const maxFilled = 64 << 10

var (
	jinja     = regexp.MustCompile(`\{[{%#]`)
	reference = regexp.MustCompile(`\{\{-?\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*-?\}\}`)
)

// use is what becomes of Jinja in a value.
type use int

const (
	// plainOnly takes references to variables and refuses everything else.
	plainOnly use = iota
	// template is filled in by Ansible on the way to the image: what is not a reference to a variable
	// of the profile stays as it is.
	template
	// literal is no template at all.
	literal
)

// templates are the fields that Ansible's roles take as templates; plains are those within that are known before.
var (
	templates = []string{"spec.files", "spec.services", "spec.extraVars"}
	plains    = []string{"spec.files.userScriptDirectories"}
)

// useOf is what becomes of Jinja at a path without indices, where around is what holds it.
func useOf(path string, around use) use {
	switch {
	case variables.IsLiteral(path):
		return literal
	case slices.Contains(plains, path):
		return plainOnly
	case slices.Contains(templates, path):
		return template
	}
	return around
}

func newReferences(spec *tree.Node, r *tree.Report) *references {
	all := variablesOf(spec)
	return &references{
		variables: all, names: slices.Sorted(maps.Keys(all)), open: map[string]bool{}, report: r,
		circular: map[string]bool{}, left: map[string]bool{},
	}
}

// variablesOf are the variables of a spec's areas and those that Airship defines.
func variablesOf(spec *tree.Node) map[string]*tree.Node {
	all := map[string]*tree.Node{}
	for name, value := range contexts {
		all[name] = tree.Text(value, tree.Place{})
	}
	if architecture := spec.Get("architecture"); architecture != nil {
		all["rootfs_arch"] = architecture
	}
	spec.Fields(func(_, area *tree.Node) {
		area.Fields(func(key, value *tree.Node) { all[key.Value] = value })
	})
	return all
}

// fill is node, which stands at a path without indices, with its references filled in.
func (f *references) fill(node *tree.Node, path string, u use) (*tree.Node, error) {
	if f.nodes++; f.nodes > tree.MaxNodes {
		return nil, tree.ErrTooLarge
	}
	if f.depth++; f.depth > tree.MaxDepth {
		return nil, tree.ErrTooDeep
	}
	defer func() { f.depth-- }()

	u = useOf(path, u)
	switch {
	case u == literal:
		return node, nil
	case node.IsMapping():
		return f.mapping(node, path, u)
	case node.IsList():
		return f.list(node, path, u)
	case node.Tag != "!!str" && node.Tag != tree.Splice || !jinja.MatchString(node.Value):
		return node, nil
	}
	return f.scalar(node, path, u)
}

func (f *references) mapping(node *tree.Node, path string, u use) (*tree.Node, error) {
	asIs := false
	if template := node.Get("template"); template != nil && variables.IsScripts(path) {
		filled, err := f.fill(template, path+".template", u)
		if err != nil {
			return nil, err
		}
		value, known := boolean(filled)
		asIs = known && !value
	}
	out := node.Shell()
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if asIs && key.Value == "file_content" {
			out.Content = append(out.Content, key, node.Content[i+1])
			continue
		}
		value, err := f.fill(node.Content[i+1], tree.Join(path, key.Value), u)
		if err != nil {
			return nil, err
		}
		out.Content = append(out.Content, key, value)
	}
	return out, nil
}

func (f *references) list(node *tree.Node, path string, u use) (*tree.Node, error) {
	out := node.Shell()
	for _, element := range node.Content {
		filled, err := f.fill(element, path, u)
		switch {
		case err != nil:
			return nil, err
		case element.Tag != tree.Splice:
			out.Content = append(out.Content, filled)
		case filled.IsList():
			out.Content = append(out.Content, filled.Content...)
		case filled.Tag == tree.Broken:
			out.Content = append(out.Content, filled)
		default:
			f.report.Mistake(element.Place, "want a list, found %s", filled.Describe())
			out.Content = append(out.Content, element.Break())
		}
	}
	return out, nil
}

func (f *references) scalar(node *tree.Node, path string, u use) (*tree.Node, error) {
	spans := reference.FindAllStringSubmatchIndex(node.Value, -1)
	if jinja.MatchString(reference.ReplaceAllString(node.Value, "")) {
		if u == template {
			return node, nil
		}
		return f.broken(node, "only plain references to variables, {{ name }}, are understood here; write the value itself"), nil
	}
	if u == template && !f.known(node, spans) {
		return node, nil
	}
	if len(spans) == 1 && spans[0][0] == 0 && spans[0][1] == len(node.Value) {
		return f.whole(node, node.Value[spans[0][2]:spans[0][3]], path, u)
	}
	return f.inText(node, spans, path, u)
}

// known says whether a template's references are all to variables of the profile. Others are Ansible's;
// one that is nearly the name of a variable is warned of.
func (f *references) known(node *tree.Node, spans [][]int) bool {
	for _, span := range spans {
		name := node.Value[span[2]:span[3]]
		first, _, _ := strings.Cut(name, ".")
		if f.lookup(name) != nil {
			continue
		}
		if f.variables[first] == nil && !node.Secret && !f.left[first] {
			if best := f.near(first, f.names); best != "" {
				f.left[first] = true
				f.report.Warn(node.Place, "{{ %s }} is left to Ansible, as the profile has no such variable; did you mean %s?", mistake.Word(name), best)
			}
		}
		return false
	}
	return true
}

// inText fills in references that stand in a longer text.
func (f *references) inText(node *tree.Node, spans [][]int, path string, u use) (*tree.Node, error) {
	var text strings.Builder
	end, secret := 0, node.Secret
	for _, span := range spans {
		name := node.Value[span[2]:span[3]]
		value, err := f.variable(node, name, path, u)
		switch {
		case err != nil:
			return nil, err
		case value.Tag == tree.Broken:
			return value, nil
		case !value.IsScalar() || value.IsNull():
			return f.broken(node, "inside a text only a string, number or boolean can stand, and the variable "+f.shown(node, name)+" is "+value.Describe()), nil
		case u == template && jinja.MatchString(value.Value):
			// Ansible fills in that one first.
			return node, nil
		}
		text.WriteString(node.Value[end:span[0]] + value.Value)
		end, secret = span[1], secret || value.Secret
		if text.Len() > maxFilled {
			return nil, tree.ErrTooLarge
		}
	}
	text.WriteString(node.Value[end:])
	out := node.Shell()
	out.Value, out.Secret = text.String(), secret
	// A brace of the text and one of the variable's value may meet.
	if jinja.MatchString(out.Value) {
		return f.broken(node, "becomes a Jinja expression once its references are filled in; write the value itself"), nil
	}
	return out, nil
}

// whole is the value that takes a reference's place, with the reference's line and column.
func (f *references) whole(node *tree.Node, name, path string, u use) (*tree.Node, error) {
	value, err := f.variable(node, name, path, u)
	if err != nil {
		return nil, err
	}
	out := *value
	out.Place = node.Place
	out.Secret = value.Secret || node.Secret
	return &out, nil
}

// broken reports node's mistake and is the node that takes its place.
func (f *references) broken(node *tree.Node, problem string) *tree.Node {
	f.report.Mistake(node.Place, "%s", problem)
	return node.Break()
}

// shown is a variable's name for a message about node, whose text may be a secret.
func (f *references) shown(node *tree.Node, name string) string {
	if node.Secret {
		return "in it"
	}
	return mistake.Word(name)
}

// lookup is a variable as it is written; nil where there is none.
func (f *references) lookup(name string) *tree.Node {
	keys := strings.Split(name, ".")
	if value := f.variables[keys[0]]; value != nil {
		return value.Get(keys[1:]...)
	}
	return nil
}

// variable is the filled-in value of the variable that node refers to.
func (f *references) variable(node *tree.Node, name, path string, u use) (*tree.Node, error) {
	value := f.lookup(name)
	if value == nil {
		hint := "; it is not set in this profile"
		first, _, _ := strings.Cut(name, ".")
		if best := f.near(first, f.names); best != "" && best != first && !node.Secret {
			hint = "; did you mean " + best + "?"
		}
		return f.broken(node, "unknown variable "+f.shown(node, name)+hint), nil
	}
	if f.open[name] {
		f.circular[name] = true
		return f.broken(node, "the variable "+f.shown(node, name)+" refers to itself"), nil
	}
	f.open[name] = true
	defer delete(f.open, name)
	out, err := f.fill(value, path, u)
	if f.circular[name] {
		// What holds the reference to itself is of no use; its mistake is told.
		delete(f.circular, name)
		return node.Break(), err
	}
	return out, err
}
