package transpose

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// Fields of an ImageConfiguration. Documents have them at their root, below spec, or some in either.
const (
	fieldBuilder     = "builder"
	fieldISOBuilder  = "isobuilder"
	fieldQcowBuilder = "qcowbuilder"
	fieldParams      = "params"
	fieldOutput      = "outputFileName"
)

var (
	configurationFields = []string{
		"nodeProfileRef", "image", "action", fieldOutput, "container",
		fieldBuilder, fieldISOBuilder, fieldQcowBuilder, fieldParams, "hostSelector", "publish",
	}
	builders = []string{fieldBuilder, fieldISOBuilder, fieldQcowBuilder}
)

// configuration is an ImageConfiguration's fields, whichever level they stand at.
type configuration struct {
	keys, values map[string]*tree.Node
	at           tree.Place
	report       *tree.Report
}

// imageConfiguration is the AirshipImages of an ImageConfiguration: one for each builder that it has.
func (s *set) imageConfiguration(root *tree.Node, r *tree.Report) []*tree.Node {
	c := configuration{keys: map[string]*tree.Node{}, values: map[string]*tree.Node{}, at: root.Place, report: r}
	c.collect(without(root, append([]string{"spec"}, envelope...)...), "spec")
	if spec := root.Get("spec"); mapping(spec, r) {
		c.collect(spec)
	}
	c.spread()
	profile := s.reference(root, c.values["nodeProfileRef"], r)

	var out []*tree.Node
	for _, b := range c.builders(s) {
		i := image{
			at: root.Place, metadata: root.Get("metadata"), profile: profile,
			container: c.values["container"], hosts: c.values["hostSelector"], publish: c.values["publish"],
			fields: b.fields, action: b.action, output: b.output,
			params: variables.Compose(c.values[fieldParams], b.params),
		}
		if name := i.metadata.Get("name"); b.suffix != "" && name.String() != "" {
			i.metadata = put(i.metadata, "name", tree.Text(name.Value+b.suffix, name.Place))
		}
		out = append(out, i.document())
	}
	return out
}

// collect takes the fields of the document's root or spec; others may stand there, too.
func (c *configuration) collect(level *tree.Node, others ...string) {
	level.Fields(func(key, value *tree.Node) {
		if slices.Contains(configurationFields, key.Value) {
			c.take(key, value)
			return
		}
		c.report.Mistake(key.Place, "unknown field%s", mistake.Suggest(key.Value, slices.Concat(configurationFields, others)))
	})
}

// take keeps one field; a second of its name is a mistake.
func (c *configuration) take(key, value *tree.Node) {
	if slices.Contains(builders[1:], key.Value) && value.IsNull() {
		// `qcowbuilder:` alone asks for that image with nothing special.
		value = tree.Mapping(value.Place)
	}
	if value.IsNull() {
		return
	}
	if first := c.keys[key.Value]; first != nil {
		c.report.Mistake(key.Place, "is also at %s; keep one", where(first.Place))
		return
	}
	c.keys[key.Value], c.values[key.Value] = key, value
}

// spread takes the builders, and the params of their own, out of params, so that areas remain there.
func (c *configuration) spread() {
	params := c.values[fieldParams]
	delete(c.values, fieldParams)
	if !mapping(params, c.report) {
		return
	}
	areas := without(params, append([]string{fieldParams}, builders...)...)
	only(params, builders).Fields(c.take)
	if inner := params.Get(fieldParams); mapping(inner, c.report) {
		areas = unite(areas, inner, c.report)
	}
	if len(areas.Content) > 0 {
		c.values[fieldParams] = areas
	}
}

// builder is one of the images that a document asks for.
type builder struct {
	suffix string // of the image's name
	// fields are those of an AirshipImage's builder without action and outputFileName.
	fields, action, output, params *tree.Node
}

// builders are what the document has of them; one of nothing special where it has none.
func (c *configuration) builders(s *set) []builder {
	iso, qcow := c.values[fieldISOBuilder], c.values[fieldQcowBuilder]
	plain := c.values[fieldBuilder]
	for _, field := range builders[1:] {
		if !plain.IsNull() && c.values[field] != nil {
			c.report.Mistake(c.keys[fieldBuilder].Place, "stands beside %s; write its fields there", where(c.keys[field].Place))
			plain = nil
		}
	}
	imageForm, imageName := c.image()
	words := []*tree.Node{imageForm, c.values["action"]}
	names := []*tree.Node{imageName, c.values[fieldOutput]}
	switch {
	case iso != nil && qcow != nil:
		return c.both(s, words, names)
	case iso != nil:
		return []builder{c.builder(s, iso, append(words, c.word(fieldISOBuilder)), names)}
	case qcow != nil:
		return []builder{c.builder(s, qcow, append(words, c.word(fieldQcowBuilder)), names)}
	}
	return []builder{c.builder(s, plain, words, names)}
}

// image is the two fields of image; nil where they are missing.
func (c *configuration) image() (form, name *tree.Node) {
	field := c.values["image"]
	if !mapping(field, c.report) {
		return nil, nil
	}
	known(field, []string{"type", fieldOutput}, c.report)
	return field.Get("type"), field.Get(fieldOutput)
}

// word is the action that the name of a builder means, at its place.
func (c *configuration) word(field string) *tree.Node {
	meant := map[string]string{fieldISOBuilder: v1alpha1.ActionBuildISO, fieldQcowBuilder: v1alpha1.ActionBuildQcow2}
	return tree.Text(meant[field], c.keys[field].Place)
}

// both are an ISO and a disk image of one document. A name that stands outside of the two is the one's
// whose form it tells, and a form there must be one of theirs.
func (c *configuration) both(s *set, words, names []*tree.Node) []builder {
	for _, word := range words {
		switch form := action(word, c.report); {
		case form == nil:
		case form.Value == v1alpha1.ActionBuildRoot:
			c.report.Mistake(form.Place, "means %s, and %s and %s mean others; remove one", form.Value,
				where(c.keys[fieldISOBuilder].Place), where(c.keys[fieldQcowBuilder].Place))
		default:
			c.report.Warn(form.Place, "has no effect beside %s and %s: both images are there to be built", fieldISOBuilder, fieldQcowBuilder)
		}
	}
	of := map[string][]*tree.Node{}
	for _, name := range names {
		told := ending(name)
		if told == "" && text(name, c.report) != "" {
			c.report.Mistake(name.Place, "is it the name of the ISO or of the disk image? Write it in %s or in %s", fieldISOBuilder, fieldQcowBuilder)
		}
		of[told] = append(of[told], name)
	}
	var out []builder
	for _, field := range builders[1:] {
		word := c.word(field)
		b := c.builder(s, c.values[field], []*tree.Node{word}, of[word.Value])
		b.suffix = map[string]string{fieldISOBuilder: "-iso", fieldQcowBuilder: "-qcow"}[field]
		out = append(out, b)
	}
	if first, second := out[0].output, out[1].output; first.String() != "" && same(first, second) {
		c.report.Mistake(second.Place, "names the same output file as %s", where(first.Place))
	}
	return out
}

// builder reads one of the builders; words and names are what else says its form and its output's name.
func (c *configuration) builder(s *set, node *tree.Node, words, names []*tree.Node) builder {
	var out builder
	at := c.at
	if mapping(node, c.report) {
		at = node.Place
		words = append(slices.Clone(words), node.Get("action"))
		names = append(slices.Clone(names), node.Get(fieldOutput))
		if inner := node.Get(fieldParams); mapping(inner, c.report) {
			out.params = inner
		}
		out.fields = without(node, append([]string{"action", fieldOutput, fieldParams}, selectorFields...)...)
		if selectsAny(node) {
			out.params = unite(out.params, s.selected(node, false, c.report), c.report)
		}
	}
	out.output = oneName(names, c.report)
	out.action = oneAction(words, out.output, at.Key("action"), c.report)
	return out
}
