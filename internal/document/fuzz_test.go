package document

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// Whatever the text is, reading it ends, in mistakes or in a profile that reads back as itself.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/mistakes/*.yaml", "testdata/good/*.yaml", "testdata/good/site/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		profile, err := Parse(t.Context(), text, "fuzz.yaml")
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		resolved, err := canonical(profile.NodeProfile)
		require.NoError(t, err)
		again, err := Parse(t.Context(), resolved, "again.yaml")
		require.NoError(t, err, resolved)
		twice, err := canonical(again.NodeProfile)
		require.NoError(t, err)
		require.Equal(t, resolved, twice)
		_, err = variables.Render(profile.NodeProfile)
		require.NoError(t, err)
		_, err = profile.SourcedYAML()
		require.NoError(t, err)
		_, err = profile.Redacted()
		require.NoError(t, err)
	})
}
