package variables_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file, and writes the file under -update.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

// parse is the one document of a text.
func parse(t *testing.T, file string, text []byte) *tree.Node {
	t.Helper()
	var r tree.Report
	docs := tree.Parse(file, text, &r)
	require.NoError(t, r.Err())
	require.Len(t, docs, 1)
	return docs[0]
}

// decode is a NodeProfile document, which must have no field that the types lack.
func decode(t *testing.T, text []byte) v1alpha1.NodeProfile {
	t.Helper()
	var profile v1alpha1.NodeProfile
	require.NoError(t, sigsyaml.UnmarshalStrict(text, &profile), "%s", text)
	return profile
}

// profileOf is the NodeProfile of that name with a spec.
func profileOf(t *testing.T, name string, spec *tree.Node) v1alpha1.NodeProfile {
	t.Helper()
	text, err := yaml.Marshal(spec.YAML())
	require.NoError(t, err)
	var profile v1alpha1.NodeProfile
	require.NoError(t, sigsyaml.UnmarshalStrict(text, &profile.Spec), "%s", text)
	profile.Name = name
	return profile
}

// render is the variables of a profile, and their text.
func render(t *testing.T, profile v1alpha1.NodeProfile) (variables.Variables, string) {
	t.Helper()
	vars, err := variables.Render(profile)
	require.NoError(t, err)
	text, err := vars.YAML()
	require.NoError(t, err)
	return vars, text
}

// data is a vars file as Ansible reads it, whole numbers as int.
func data(t *testing.T, text []byte) map[string]any {
	t.Helper()
	asJSON, err := sigsyaml.YAMLToJSON(text)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, yaml.Unmarshal(asJSON, &out))
	return out
}
