package transpose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Whatever the documents are, transposing them ends, and what was made is a NodeProfile or an AirshipImage.
func FuzzDocuments(f *testing.F) {
	for _, pattern := range []string{
		"testdata/seed/*.yaml", "testdata/good/*.yaml", "testdata/mistakes/*.yaml", "testdata/entry/*/*.yaml", "testdata/entry-mistakes/*/*.yaml",
	} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(text), filepath.Base(file), "")
		}
	}
	f.Add("builder: {osconfigVarsFileName: a}", "a.yaml", "iso")
	f.Fuzz(func(t *testing.T, text, file, imageType string) {
		r := &tree.Report{}
		documents := tree.Parse(file, []byte(text), r)
		if len(r.Mistakes) > 0 {
			return
		}
		again := func(string, *tree.Report) []*tree.Node { return documents }
		out := Documents(documents, Environment{ImageType: imageType, Load: again}, r)
		for _, root := range out {
			require.NotNil(t, root)
		}
		for _, name := range []string{"", "bootstrap"} {
			if phase, ok := PhaseOf(documents, name, &tree.Report{}); ok {
				require.NotNil(t, phase.Executor)
				phase.Directory(&tree.Report{})
			}
		}
		if r.Err() != nil {
			require.NotEmpty(t, r.Err().Error())
			return
		}
		made := map[string]bool{"NodeProfile": true, "AirshipImage": true}
		kept := map[*tree.Node]bool{}
		for _, root := range documents {
			kept[root] = true
		}
		for _, root := range out {
			require.True(t, kept[root] || made[ours(root)], "neither kept nor of a kind that images are built from")
		}
	})
}
