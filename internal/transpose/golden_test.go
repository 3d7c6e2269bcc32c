package transpose

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
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

// load reads a file as the document room does.
func load(file string, r *tree.Report) []*tree.Node {
	text, err := os.ReadFile(file)
	if err != nil {
		r.Mistake(tree.Place{File: file}, "there is no such file")
		return nil
	}
	return tree.Parse(file, text, r)
}

func loadAll(t *testing.T, r *tree.Report, files ...string) []*tree.Node {
	t.Helper()
	require.NotEmpty(t, files)
	var roots []*tree.Node
	for _, file := range files {
		roots = append(roots, load(file, r)...)
	}
	return roots
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// rendered is the documents that were made, each value with its line and field, and the warnings.
func rendered(t *testing.T, before, after []*tree.Node, r *tree.Report) string {
	t.Helper()
	kept := map[*tree.Node]bool{}
	for _, root := range before {
		kept[root] = true
	}
	var out strings.Builder
	for _, root := range after {
		if kept[root] {
			fmt.Fprintf(&out, "--- # unchanged: %s\n", title(root))
			continue
		}
		text, err := yaml.Marshal(placed(root))
		require.NoError(t, err)
		fmt.Fprintf(&out, "---\n%s", text)
	}
	for _, warning := range r.Warnings {
		out.WriteString("# warning: " + warning + "\n")
	}
	return out.String()
}

func placed(node *tree.Node) *yaml.Node {
	out := &yaml.Node{Kind: node.Kind, Tag: node.Tag, Value: node.Value, Style: node.Style &^ yaml.FlowStyle}
	for i, inner := range node.Content {
		content := placed(inner)
		if node.IsMapping() && i%2 == 0 {
			content.LineComment = ""
		}
		out.Content = append(out.Content, content)
	}
	if node.IsScalar() || len(node.Content) == 0 {
		secret := ""
		if node.Secret {
			secret = " secret"
		}
		out.LineComment = fmt.Sprintf("%s:%d %s%s", filepath.Base(node.Place.File), node.Place.Line, node.Place.Field, secret)
	}
	return out
}

// What each good file becomes.
func TestDocuments(t *testing.T) {
	for _, file := range glob(t, "testdata/good/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := &tree.Report{}
			before := loadAll(t, r, file)
			after := Documents(before, Environment{}, r)
			require.NoError(t, r.Err())
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", rendered(t, before, after, r))
		})
	}
}

// What the seed's examples become, each beside one profile.
func TestSeed(t *testing.T) {
	for _, file := range glob(t, "testdata/seed/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := &tree.Report{}
			before := loadAll(t, r, file, "testdata/good/profile.yaml")
			after := Documents(before, Environment{}, r)
			require.NoError(t, r.Err())
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", rendered(t, before, after, r))
		})
	}
}

// Each bad file is refused in the words of a golden file, and no message shows a secret.
func TestMistakes(t *testing.T) {
	for _, file := range glob(t, "testdata/mistakes/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := &tree.Report{}
			documents := loadAll(t, r, file)
			require.NoError(t, r.Err(), "the file itself")
			Documents(documents, Environment{}, r)
			err := r.Err()
			require.Error(t, err)
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
			for _, m := range r.Mistakes {
				assert.Equal(t, file, m.File, "%v", m)
				assert.Positive(t, m.Line, "%v", m)
			}
			assert.NotContains(t, err.Error(), "hunter2", "the error repeats a secret")
		})
	}
}
