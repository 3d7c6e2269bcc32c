package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// TestOriginsSurvive reads a document, hands it on as YAML as the data source does, and locates
// mistakes by the document's own lines.
func TestOriginsSurvive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "node: one.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node}
spec:
  software:
    packages: [bash,
      vim]
    packages_append:
      - sudo
  storage:
    partitions:
      - mount: /
        part_start: 1284MiB
        part_end: 100%
        filesystem:
          type: ext4
  networking:
    hostname: node01
`), 0o600))
	set, err := read(t, []string{file})
	require.NoError(t, err)
	text, err := set.variants[0].SourcedYAML()
	require.NoError(t, err)
	plain, err := set.variants[0].YAML()
	require.NoError(t, err)

	parsed, err := Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	for field, line := range map[string]int{
		"spec.software.packages[0]":                    6,
		"spec.software.packages[1]":                    7,
		"spec.software.packages[2]":                    9,
		"spec.storage.partitions[0].part_end":          14,
		"spec.storage.partitions[0].filesystem":        15,
		"spec.storage.partitions[0].filesystem.type":   16,
		"spec.networking.hostname":                     18,
		"spec.storage.partitions[0].filesystem.unseen": 15,
	} {
		mistake := &mistake.Mistake{Field: field, Problem: "is wrong"}
		_ = parsed.Locate(mistake)
		assert.Equal(t, file, mistake.File, field)
		assert.Equal(t, line, mistake.Line, field)
	}
	again, err := parsed.YAML()
	require.NoError(t, err)
	assert.Equal(t, plain, again, "the comments changed the profile")
}

// What the data source hands on holds the AirshipImage that a document gave, and the warnings.
func TestImageAndWarningsSurvive(t *testing.T) {
	for name, written := range map[string]bool{"control-plane": true, "worker": false} {
		read, err := Choice{Source: Source{Documents: []string{"testdata/good/site"}}, Selection: Selection{Name: name}, WithDocuments: true}.Read(t.Context())
		require.NoError(t, err)
		text, err := read.SourcedYAML()
		require.NoError(t, err)
		assert.Equal(t, written, strings.Contains(text, "kind: AirshipImage"), text)

		parsed, err := Choice{YAML: text, WithYAML: true}.Read(t.Context())
		require.NoError(t, err)
		assert.Equal(t, read.Image, parsed.Image)
		assert.Equal(t, read.Warnings, parsed.Warnings)
	}
}

// A warning that names a file of two lines stays a comment.
func TestWarningOfTwoLines(t *testing.T) {
	profile, err := Parse(t.Context(), minimal+"{}", "p.yaml")
	require.NoError(t, err)
	profile.Warnings = []string{"a\nspec: b", "c\u2028d"}
	text, err := profile.SourcedYAML()
	require.NoError(t, err)
	parsed, err := Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, []string{"a spec: b", "c d"}, parsed.Warnings)
}

// What a later component finds is told by the documents' lines, not by those of profile_yaml.
func TestChecksOfAResolvedText(t *testing.T) {
	file := write(t, profileText("node", "\n  platform: vm\n  software:\n    packages: [vim]"))
	p, err := one(chooseAll(t, Source{Documents: []string{file}}, Selection{}))
	require.NoError(t, err)
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	_, err = Parse(t.Context(), text, "profile_yaml", func(*v1alpha1.NodeProfile, *v1alpha1.AirshipImage) error {
		return &mistake.Mistake{Field: "spec.software.packages[0]", Problem: "is not wanted"}
	})
	assert.EqualError(t, err, file+":7:16: spec.software.packages[0]: is not wanted")
}
