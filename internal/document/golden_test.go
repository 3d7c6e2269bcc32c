package document

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
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

// Each testdata/mistakes/NAME.yaml is refused with the text of NAME.txt.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := read(t, []string{file})
			require.Error(t, err)
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
			for _, m := range mistake.All(err) {
				assert.Equal(t, file, m.File, "%v", m)
			}
			assert.NotContains(t, err.Error(), "hunter2", "the error repeats a password")
		})
	}
}

// Every mistake is found in one go, whichever file it is in.
func TestMistakesOfSeveralFiles(t *testing.T) {
	_, err := read(t, []string{"testdata/mistakes/suite-of-other.yaml", "testdata/mistakes/tab.yaml", "testdata/nowhere.yaml"})
	require.Error(t, err)
	files := map[string]bool{}
	for _, m := range mistake.All(err) {
		files[filepath.Base(m.File)] = true
	}
	assert.Equal(t, map[string]bool{"suite-of-other.yaml": true, "tab.yaml": true, "nowhere.yaml": true}, files)
}
