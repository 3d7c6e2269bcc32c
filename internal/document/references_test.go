package document

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// References to variables are filled in; what else is Jinja is left to Ansible where its roles take
// templates, and to cloud-init in its own fields.
func TestTemplates(t *testing.T) {
	p := choose(t, profileText("node", `
  architecture: arm64
  networking: {hostname: "{{ prefix }}-01"}
  cloudInit: {userData: "## template: jinja\n#cloud-config\nlocale: {{ v1.locale }} {{ prefix }}\n"}
  extraVars:
    prefix: rack
    later: "{{ item.name | upper }}"
    fact: "{{ ansible_facts.distribution }}"
    both: "{{ prefix }} {{ ansible_facts.distribution }}"
    chained: "{{ later }}"
    inside: "a {{ later }} b"
    number: 5
    same: "{{ number }}"
    list: [x]
    again: "{{ list }}"
    truth: yes
  files:
    files:
      - {name: /etc/a, file_content: "{{ prefix }} {{ rootfs_arch }}"}
      - {name: /etc/b, file_content: "{% raw %}{{ prefix }}{% endraw %}"}
`), Selection{})
	spec := p.NodeProfile.Spec
	assert.Equal(t, "rack-01", spec.Networking.Hostname)
	assert.Contains(t, spec.CloudInit.UserData, "{{ v1.locale }} {{ prefix }}")
	assert.Equal(t, map[string]any{
		"prefix": "rack", "later": "{{ item.name | upper }}", "fact": "{{ ansible_facts.distribution }}",
		"both": "{{ prefix }} {{ ansible_facts.distribution }}", "chained": "{{ item.name | upper }}",
		"inside": "a {{ later }} b", "number": int64(5), "same": int64(5),
		"list": []any{"x"}, "again": []any{"x"}, "truth": true,
	}, map[string]any(spec.ExtraVars))
	assert.Equal(t, "rack arm64", spec.Files.Files[0].FileContent)
	assert.Equal(t, "{% raw %}{{ prefix }}{% endraw %}", spec.Files.Files[1].FileContent)

	text, err := canonical(p.NodeProfile)
	require.NoError(t, err)
	again, err := Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, p.NodeProfile, again.NodeProfile)
}

func TestTemplatesThatAreWrong(t *testing.T) {
	for spec, want := range map[string]string{
		`{extraVars: {prefix: "{{ a | b }}"}, suite: "{{ prefix }}"}`:                  "spec.extraVars.prefix: only plain references to variables, {{ name }}, are understood here; write the value itself",
		`{extraVars: {x: 5}, software: {packages_append: "{{ x }}"}}`:                  "spec.software.packages_append: want a list of strings, found a number",
		`{extraVars: {x: 5}, software: {packages: [vim], packages_append: "{{ x }}"}}`: "spec.software.packages_append: want a list, found a number",
		`{extraVars: {x: "{{ y }}", y: "{{ x }}"}}`:                                    "the variable x refers to itself",
		`{extraVars: {x: [1]}, suite: "a{{ x }}"}`:                                     "spec.suite: inside a text only a string, number or boolean can stand, and the variable x is a list",
	} {
		assert.Contains(t, refused(t, profileText("node", spec), Selection{}), want, spec)
	}
}
