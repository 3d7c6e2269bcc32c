package kustomization

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

var update = flag.Bool("update", false, "write the golden files")

// Each rendered value is listed with where it was written, so that a place that is wrong shows.
func TestGolden(t *testing.T) {
	layouts := "../../example/layouts/"
	for name, directory := range map[string]string{
		"types-controlplane": layouts + "types/type/controlplane/image",
		"types-workers":      layouts + "types/type/workers/image",
		"functions-base":     layouts + "functions/function/images/AirshipImageDebian",
		"functions-cp":       layouts + "functions/function/images/AirshipImageDebianCP",
		"functions-worker":   layouts + "functions/function/images/AirshipImageDebianWorker",
	} {
		golden(t, name, directory)
	}
	roots, err := filepath.Glob("testdata/*/site")
	require.NoError(t, err)
	for _, directory := range roots {
		golden(t, filepath.Base(filepath.Dir(directory)), filepath.ToSlash(directory))
	}
}

func golden(t *testing.T, name, directory string) {
	t.Run(name, func(t *testing.T) {
		rendered, err := Build(context.Background(), directory, Options{})
		require.NoError(t, err)
		var out strings.Builder
		for _, d := range rendered.Documents {
			fmt.Fprintf(&out, "--- %s\n", filepath.ToSlash(d.File))
			list(&out, d.Root, "", "", filepath.Dir(directory))
		}
		for _, warning := range rendered.Warnings {
			fmt.Fprintln(&out, "warning:", filepath.ToSlash(warning))
		}
		for _, file := range rendered.Files {
			fmt.Fprintln(&out, "read:", filepath.ToSlash(file))
		}
		file := filepath.Join("testdata", "golden", name+".txt")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), out.String())
	})
}

// list writes a line for each value: its path, what it is and where it was written.
func list(out *strings.Builder, n *tree.Node, path, keyPlace, directory string) {
	value := n.Value
	switch {
	case n.IsMapping():
		value = "{}"
	case n.IsList():
		value = "[]"
	}
	at := fmt.Sprintf("%s:%d:%d", filepath.ToSlash(n.Place.File), n.Place.Line, n.Place.Column)
	fmt.Fprintf(out, "%-60s %s%s\n", strings.TrimSpace(path+" "+strconv.Quote(value)), keyPlace, at)
	if n.IsList() {
		for i, element := range n.Content {
			list(out, element, fmt.Sprintf("%s[%d]", path, i), "", directory)
		}
	}
	n.Fields(func(key, value *tree.Node) {
		place := ""
		if key.Place.File != value.Place.File || key.Place.Line > value.Place.Line {
			place = fmt.Sprintf("(key %s:%d:%d) ", filepath.ToSlash(key.Place.File), key.Place.Line, key.Place.Column)
		}
		list(out, value, strings.TrimPrefix(path+"."+key.Value, "."), place, directory)
	})
}
