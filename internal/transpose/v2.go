package transpose

import (
	"bytes"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// readV2 makes a profile and an image of a v2 document, which holds all that v1 kept in files.
func (e *entryPoints) readV2(root *tree.Node) []*tree.Node {
	known(root, v2Fields, e.report)
	spec := tree.Mapping(root.Place.Key("spec"))
	for _, role := range []string{variables.OSConfig, variables.Qcow} {
		if vars := root.Get(role); !vars.IsNull() && vars.Tag != tree.Broken {
			spec = unite(spec, variables.Spec(role, vars, e.report), e.report)
		}
	}
	i := image{at: root.Place, output: root.Get(fieldOutput)}
	i.metadata = named(tree.Text(entryName(i.output, filepath.Dir(root.Place.File)), i.namePlace()), root.Place)
	i.profile = i.metadata

	var words []*tree.Node
	if key, _ := root.Field("qcow"); key != nil && ending(i.output) == "" && absent(root, "user_data", "network_config") {
		// Nothing else says what is built, and an ISO would have nothing of what is written.
		words = append(words, tree.Text(v1alpha1.ActionBuildQcow2, key.Place))
	}
	i.action = e.formOf(words, i.output, root.Place.Key("IMAGE_TYPE"))
	i.nameISO(root.Place)

	params := tree.Mapping(root.Place.Key("params"))
	if data := e.userData(root.Get("user_data")); data != nil {
		params = params.Put(data, "cloudInit", "userData")
	}
	if data := e.networkConfig(root.Get("network_config")); data != nil {
		params = params.Put(data, "networking", "networkData")
	}
	if len(params.Content) > 0 {
		i.params = params
	}
	return []*tree.Node{entryProfile(root.Place, i.metadata, spec), i.document()}
}

// userData is cloud-init's user data, written as a text or, as v2 had it, as the mapping of a
// cloud-config, whose first line is a comment and gone.
func (e *entryPoints) userData(node *tree.Node) *tree.Node {
	if !node.IsMapping() {
		if text(node, e.report) == "" {
			return nil
		}
		return node
	}
	out := tree.Text("", node.Place)
	broken := false
	node.Walk(func(inner *tree.Node) {
		out.Secret = out.Secret || inner.Secret
		broken = broken || inner.Tag == tree.Broken
	})
	if broken {
		return nil
	}
	var data bytes.Buffer
	data.WriteString("#cloud-config\n")
	encoder := yaml.NewEncoder(&data)
	encoder.SetIndent(2)
	if err := encoder.Encode(node.YAML()); err != nil {
		e.report.Mistake(node.Place, "cannot be written as a cloud-config")
		return nil
	}
	out.Value = data.String()
	return out
}

// networkConfig is OpenStack's network data, written as a mapping or as the text of one.
func (e *entryPoints) networkConfig(node *tree.Node) *tree.Node {
	if node.IsMapping() {
		return node
	}
	if text(node, e.report) == "" {
		return nil
	}
	return parseText(node, e.report)
}
