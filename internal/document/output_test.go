package document

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The host's side of a volume is where the output goes, from the document on, and stays known in profile_yaml.
func TestOutputDirectory(t *testing.T) {
	for volume, want := range map[string]string{
		"":                 "",
		"./images:/config": "images",
		"images":           "images",
		"/srv/iso:/config": "/srv/iso",
	} {
		file := write(t, profileText("node", "{}")+imageText("node", "{container: {volume: '"+volume+"'}}"))
		if want != "" && !filepath.IsAbs(want) {
			want = filepath.Join(filepath.Dir(file), want)
		}
		p, err := one(chooseAll(t, Source{Documents: []string{file}}, Selection{}))
		require.NoError(t, err)
		assert.Equal(t, want, p.OutputDirectory, volume)
		text, err := p.SourcedYAML()
		require.NoError(t, err)
		again, err := Parse(t.Context(), text, "profile_yaml")
		require.NoError(t, err)
		assert.Equal(t, want, again.OutputDirectory, volume)
		assert.Equal(t, p.Warnings, again.Warnings)
	}
}
