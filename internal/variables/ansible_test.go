package variables_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// What is no template is tagged for Ansible; whoever does not know the tag reads the same values.
func TestAnsibleYAML(t *testing.T) {
	vars, text := render(t, decode(t, read(t, "testdata/everything.yaml")))
	tagged, err := vars.AnsibleYAML()
	require.NoError(t, err)
	golden(t, "testdata/everything.ansible.yaml", tagged)

	var values, plain map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(tagged), &values))
	require.NoError(t, yaml.Unmarshal([]byte(text), &plain))
	assert.Equal(t, plain, values)
	after, err := vars.YAML()
	require.NoError(t, err)
	assert.Equal(t, text, after)
}

func TestAnsibleYAMLOfTexts(t *testing.T) {
	for _, text := range []string{
		"", " ", "\n", "a\n", "\n a\n\n", "a\n  ", "\ta\nb", "yes", "12", "0x1", "~", "null", "=", "<<", "!unsafe a", "&a", "*a", "- a", "a: b # c", "'", `"\`,
		"\x1b[1m\r\n", "\u0085\u2028\ufeff", "é\U0001f600", strings.Repeat("long ", 500), "2001-01-01", "---\n", "...\n", "%TAG",
	} {
		for _, braces := range []string{"", "{{ a }}", "{% a %}", "{# a"} {
			text := text + braces
			vars := variables.Variables{
				"airship_user_data": text, "airship_meta_data": map[string]any{"a": []any{text, 1, nil, true}}, "site": text,
				"user_scripts": []any{map[string]any{"file_content": text, "template": false}, map[string]any{"file_content": text, "template": true}},
			}
			tagged, err := vars.AnsibleYAML()
			require.NoError(t, err)
			want := 0
			if braces != "" {
				want = 3
			}
			assert.Equal(t, want, strings.Count(tagged, ": !unsafe \"")+strings.Count(tagged, "- !unsafe \""), tagged)
			var values map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(tagged), &values), tagged)
			assert.Equal(t, map[string]any(vars), values)
		}
	}
}

// Airship's role takes every text for a template.
func TestScriptsOfRoles(t *testing.T) {
	profile := v1alpha1.NodeProfile{}
	for _, text := range []string{"#!/bin/sh\n", "#!/bin/sh\n{{ x }}\n", "#!/bin/sh\n${#x}{%- endraw -%}y\n"} {
		profile.Spec.Files.UserScripts = append(profile.Spec.Files.UserScripts, v1alpha1.Script{Name: "n", FileContent: text, Template: new(bool)})
	}
	profile.Spec.Files.UserScripts = append(profile.Spec.Files.UserScripts, v1alpha1.Script{FileContent: "#!/bin/sh\n{{ x }}\n"})
	profile.Spec.Files.QcowContainerRuntimeScripts = profile.Spec.Files.UserScripts[1:2]
	vars, err := variables.Render(profile)
	require.NoError(t, err)
	common := []any{"common"}
	assert.Equal(t, []any{
		map[string]any{"run_contexts": common, "file_content": "#!/bin/sh\n"},
		map[string]any{"run_contexts": common, "file_content": "{% raw %}#!/bin/sh\n{{ x }}\n{% endraw %}"},
		map[string]any{"run_contexts": common, "file_content": "{% raw %}#!/bin/sh\n${#x}{% endraw %}{{ '{%- endraw -%}' }}{% raw %}y\n{% endraw %}"},
		map[string]any{"run_contexts": common, "file_content": "#!/bin/sh\n{{ x }}\n"},
	}, variables.Roles(vars)["osconfig"]["user_scripts"])
	assert.Equal(t, []any{map[string]any{"file_content": "{% raw %}#!/bin/sh\n{{ x }}\n{% endraw %}"}}, variables.Roles(vars)["qcow"]["qcow_container_runtime_scripts"])
	assert.Equal(t, "n", vars["user_scripts"].([]any)[0].(map[string]any)["name"], "the variables themselves were changed")
}
