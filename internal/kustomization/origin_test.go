package kustomization

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One base under two overlays: what one overlay sets is never told of the other's document.
func TestVariants(t *testing.T) {
	files := map[string]string{
		"site/kustomization.yaml": "resources: [../a, ../b, ../c]\n",
		"base/kustomization.yaml": "resources: [n.yaml]\n",
		"base/n.yaml":             node,
	}
	for _, variant := range []string{"a", "b", "c"} {
		suite := map[string]string{"a": "trixie", "b": "trixie", "c": "bookworm"}[variant]
		files[variant+"/kustomization.yaml"] = "namePrefix: " + variant + "-\nresources: [../base]\npatches: [{path: p.yaml}]\n"
		files[variant+"/p.yaml"] = strings.Replace(node, "bookworm", suite, 1)
	}
	site(t, files)
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	require.Len(t, rendered.Documents, 3)
	for _, d := range rendered.Documents {
		variant, _, _ := strings.Cut(d.Root.Get("metadata", "name").Value, "-")
		at, ok := d.Origin([]string{"spec", "suite"})
		assert.True(t, ok)
		assert.Equal(t, fmt.Sprintf("%s/p.yaml:6:10", variant), fmt.Sprintf("%s:%d:%d", filepath.ToSlash(at.File), at.Line, at.Column))
		assert.Equal(t, filepath.FromSlash("base/n.yaml"), d.File)
		assert.Equal(t, "base", d.Directory)
	}
}

func TestOrigin(t *testing.T) {
	files := map[string]string{
		"site/kustomization.yaml": "resources: [n.yaml]\npatches:\n  - target: {kind: NodeProfile}\n    path: p.json\n",
		"site/n.yaml":             node + "  list: [a, b, a]\n",
		// JSON has tabs where YAML must not.
		"site/p.json": "[\n\t{\"op\": \"add\", \"path\": \"/spec/list/-\", \"value\": \"a\"},\n\t{\"op\": \"remove\", \"path\": \"/spec/list/1\"},\n\t" +
			"{\"op\": \"copy\", \"from\": \"/spec/suite\", \"path\": \"/spec/copied\"}\n]\n",
	}
	files["site/l.yaml"] = "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: A\n    metadata: {name: x}\n"
	files["site/kustomization.yaml"] = strings.Replace(files["site/kustomization.yaml"], "n.yaml", "n.yaml, l.yaml", 1)
	site(t, files)
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	at, _ := rendered.Documents[1].Origin([]string{"metadata", "name"})
	assert.Equal(t, "site/l.yaml:6", fmt.Sprintf("%s:%d", filepath.ToSlash(at.File), at.Line))
	for path, want := range map[string]string{
		"spec.suite":          "site/n.yaml:6",
		"spec.list.2":         "site/p.json:2",
		"spec.list.9":         "site/n.yaml:7", // the list
		"spec.missing.deeper": "site/n.yaml:6", // spec
		"spec.copied":         "site/n.yaml:6", // spec
		"":                    "site/n.yaml:1",
	} {
		at, ok := rendered.Documents[0].Origin(strings.Split(path, "."))
		assert.True(t, ok, path)
		assert.Equal(t, want, fmt.Sprintf("%s:%d", filepath.ToSlash(at.File), at.Line), path)
	}
}

// Absolute and linked roots are named as the operator names them.
func TestNames(t *testing.T) {
	site(t, map[string]string{
		"deep/site/kustomization.yaml": "resources: [../base]\n",
		"deep/base/kustomization.yaml": "resources: [n.yaml]\n",
		"deep/base/n.yaml":             node,
	})
	require.NoError(t, os.Symlink(filepath.Join("deep", "site"), "link"))
	here, err := os.Getwd()
	require.NoError(t, err)
	for given, want := range map[string]string{
		"deep/site":                      filepath.FromSlash("deep/base/n.yaml"),
		"./deep/../deep/site/":           filepath.FromSlash("deep/base/n.yaml"),
		filepath.Join(here, "deep/site"): filepath.Join(here, "deep/base/n.yaml"),
		// From the link .. leads elsewhere.
		"link": filepath.Join(here, "deep/base/n.yaml"),
	} {
		rendered, err := Build(context.Background(), given, Options{})
		require.NoError(t, err, given)
		assert.Equal(t, want, rendered.Documents[0].File, given)
		assert.Contains(t, rendered.Files, want, given)
	}
	t.Chdir("deep/site")
	rendered, err := Build(context.Background(), ".", Options{})
	require.NoError(t, err)
	assert.Equal(t, filepath.FromSlash("../base/n.yaml"), rendered.Documents[0].File)
}

// A list of many thousands of which each element was pushed aside is not looked through for each.
func TestLongList(t *testing.T) {
	site(t, map[string]string{
		"site/kustomization.yaml": "resources: [n.yaml]\npatches:\n  - target: {kind: NodeProfile}\n" +
			"    patch: '[{\"op\": \"add\", \"path\": \"/spec/list/0\", \"value\": \"first\"}]'\n",
		"site/n.yaml": node + "  list:\n" + func() string {
			var text strings.Builder
			for i := range 40_000 {
				fmt.Fprintf(&text, "    - package-%d\n", i)
			}
			return text.String()
		}(),
	})
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	at, _ := rendered.Documents[0].Origin([]string{"spec", "list", "40000"})
	assert.Equal(t, 40_007, at.Line)
	at, _ = rendered.Documents[0].Origin([]string{"spec", "list", "0"})
	assert.Equal(t, "site/kustomization.yaml", filepath.ToSlash(at.File))
}
