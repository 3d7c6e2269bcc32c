package variables

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// unsafe is Ansible's tag for a string that is no template, wherever it is used.
const unsafe = "!unsafe"

// AnsibleYAML is YAML for ansible-playbook, which takes every string with Jinja's braces for a template: those
// that are none have its tag !unsafe. They are in airship_user_data, airship_meta_data,
// airship_network_data, in keyrings, and of scripts in the names and, where template is false, in
// file_content. Readers that do not know the tag take it for a string's.
func (v Variables) AnsibleYAML() (string, error) {
	return v.render(func(root *yaml.Node) {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if e, known := table[root.Content[i].Value]; known {
				protect(root.Content[i+1], "spec."+strings.Join(e.path, "."), false)
			}
		}
	})
}

// protect tags the strings at and below a path without indices that are no templates, or all.
func protect(node *yaml.Node, path string, all bool) {
	all = all || IsLiteral(path)
	switch node.Kind {
	case yaml.ScalarNode:
		// Below the tag ansible-core 2.19 takes "yes" for a boolean and "" for null, in spite of quotes.
		if all && node.Tag == "!!str" && jinja.MatchString(node.Value) {
			node.Tag, node.Style = unsafe, yaml.DoubleQuotedStyle
		}
	case yaml.SequenceNode:
		for _, item := range node.Content {
			protect(item, path, all)
		}
	case yaml.MappingNode:
		asIs := IsScripts(path) && isOff(node, "template")
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			protect(node.Content[i+1], path+"."+key, all || asIs && key == "file_content")
		}
	}
}

// isOff says whether a field of a mapping is false.
func isOff(mapping *yaml.Node, name string) bool {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if key, value := mapping.Content[i], mapping.Content[i+1]; key.Value == name {
			return value.Tag == "!!bool" && value.Value == "false"
		}
	}
	return false
}
