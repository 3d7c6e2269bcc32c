package document

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

const minimal = "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: node}\nspec: "

// read reads documents by their paths.
func read(t testing.TB, paths []string, checks ...Check) (*Set, error) {
	t.Helper()
	return Source{Documents: paths}.Read(t.Context(), checks...)
}

// selected is the one profile that a selection chooses.
func selected(set *Set, name string) (*Profile, error) {
	chosen, err := set.Select(Selection{Name: name})
	if err != nil {
		return nil, err
	}
	return one(chosen)
}

func siteProfile(t *testing.T, name string) *Profile {
	t.Helper()
	set, err := read(t, []string{"testdata/good/site"})
	require.NoError(t, err)
	profile, err := selected(set, name)
	require.NoError(t, err)
	return profile
}

func TestReadPaths(t *testing.T) {
	both := []string{"testdata/good/site/control-plane.yaml", "testdata/good/site/image.yml"}
	for _, test := range []struct {
		paths []string
		files []string
	}{
		{[]string{"testdata/good/site"}, both},
		{[]string{"testdata/good/site/"}, both},
		{[]string{"testdata/good/*/*.y*ml"}, both},
		{[]string{both[1], both[0], "testdata/good/site"}, []string{both[1], both[0]}},
	} {
		set, err := read(t, test.paths)
		require.NoError(t, err)
		assert.Equal(t, test.files, set.Files)
		assert.Len(t, set.variants, 2)
	}
}

func TestReadPathsThatAreWrong(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	huge, err := os.Create(filepath.Join(dir, "huge.yaml"))
	require.NoError(t, err)
	require.NoError(t, huge.Truncate(100<<20))
	require.NoError(t, huge.Close())
	for path, problem := range map[string]string{
		"nowhere.yaml":        "there is no such file or directory; a relative path starts where packer was started",
		dir + "/nowhere.yaml": "there is no such file or directory",
		dir + "/empty":        "the directory holds no *.yaml or *.yml file",
		dir + "/*.yml":        "no file matches",
		dir + "/[":            "is not a valid glob",
		dir + "/huge.yaml":    "is larger than 1024 KiB, too large for a document",
		os.DevNull:            "is neither a file nor a directory",
	} {
		_, err := read(t, []string{path})
		assert.EqualError(t, err, path+": "+problem)
	}
	_, err = read(t, nil)
	assert.EqualError(t, err, "no documents are named; want files, directories or globs")
	_, err = read(t, []string{""})
	assert.EqualError(t, err, "an empty path; want a file, a directory or a glob")
}

func TestSelect(t *testing.T) {
	set, err := read(t, []string{"testdata/good/site"})
	require.NoError(t, err)
	profile, err := selected(set, "worker")
	require.NoError(t, err)
	assert.Equal(t, "worker", profile.NodeProfile.Name)

	_, err = selected(set, "workers")
	assert.EqualError(t, err, "no NodeProfile is named workers; did you mean worker?")
	_, err = selected(set, "x")
	assert.EqualError(t, err, "no NodeProfile is named x; known: control-plane, worker")
	_, err = selected(set, "")
	assert.EqualError(t, err, "the documents hold 2 NodeProfiles and none is chosen by name; they are: control-plane, worker")

	_, err = Parse(t.Context(), "apiVersion: v1\nkind: Secret\n", "secret.yaml")
	assert.EqualError(t, err, "no NodeProfile in secret.yaml")
	only, err := Parse(t.Context(), minimal+"{}", "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, "node", only.NodeProfile.Name)
}

func TestWarnings(t *testing.T) {
	assert.Equal(t, []string{
		"testdata/good/site/control-plane.yaml:36: spec.software.src: is accepted and has no effect here",
		"testdata/good/site/image.yml:6: spec.container: no container is used; of this only the host's side of volume has an effect: files are read and written there",
	}, siteProfile(t, "control-plane").Warnings)
	assert.Empty(t, siteProfile(t, "worker").Warnings)
}

func TestImages(t *testing.T) {
	profile := siteProfile(t, "control-plane")
	assert.Equal(t, "control-plane-image", profile.Image.Name)
	assert.Equal(t, []string{"testdata/good/site/control-plane.yaml", "testdata/good/site/image.yml"}, profile.Files)

	derived, err := siteProfile(t, "worker").ImageYAML()
	require.NoError(t, err)
	assert.Equal(t, `apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata:
  name: worker
spec:
  builder:
    action: build-qcow
  nodeProfileRef:
    name: worker
`, derived)
}

// Mistakes of checks that know no file get the place where the field was written.
func TestLocate(t *testing.T) {
	const file = "testdata/good/site/control-plane.yaml"
	profile := siteProfile(t, "control-plane")
	for field, want := range map[string]mistake.Mistake{
		"spec.storage.qcow_capacity":         {Line: 58, Column: 20, Field: "spec.storage.qcow_capacity"},
		"spec.storage.partitions[1].part":    {Line: 57, Column: 3, Field: "spec.storage.partitions[1].part"},
		"spec.software.packages[0]":          {Line: 19, Column: 9, Field: "spec.software.packages[0]"},
		"spec.software.packages[1]":          {Line: 20, Column: 23, Field: "spec.software.packages_append[0]"},
		"spec.software.packages[2]":          {Line: 18, Column: 5, Field: "spec.software.packages[2]"},
		"spec.software.repos[1].suite":       {Line: 33, Column: 16, Field: "spec.software.repos_append[0].suite"},
		"spec.software.repos[1].components":  {Line: 26, Column: 21, Field: "spec.software.repos_append[0].components"},
		"spec.software.repos[0].packages[3]": {Line: 16, Column: 9, Field: "spec.software.ubuntu_packages[3]"},
		"spec.networking.hostname":           {Line: 8, Column: 1, Field: "spec.networking.hostname"},
	} {
		m := &mistake.Mistake{Field: field, Problem: "p"}
		err := profile.Locate(errors.Join(m))
		assert.EqualError(t, err, fmt.Sprintf("%s:%d:%d: %s: p", file, want.Line, want.Column, want.Field))
	}
	assert.NoError(t, profile.Locate(nil))
	other := errors.New("other")
	assert.Equal(t, other, profile.Locate(other))
}

// What further checks find is located and reported together with the documents' own mistakes,
// unless it follows from one of those.
func TestReadWithCheck(t *testing.T) {
	check := func(*v1alpha1.NodeProfile, *v1alpha1.AirshipImage) error {
		return errors.Join(
			&mistake.Mistake{Field: "spec.storage.partitions[0].part_end", Problem: "overlaps"},
			&mistake.Mistake{Field: "spec.storage.partitions[1].part_start", Problem: "is required"},
		)
	}
	text := minimal + `
  suite: buster
  storage:
    partitions:
      - mount: /
        part_start: 1MiB
        part_end: 5MiB
      - mount: none
        part_start: [5MiB]
        part_end: 6MiB
`
	_, err := Parse(t.Context(), text, "p.yaml", check)
	assert.EqualError(t, err, `3 mistakes:
  p.yaml:5:10: spec.suite: unknown suite buster of debian; known: bookworm, trixie
  p.yaml:10:19: spec.storage.partitions[0].part_end: overlaps
  p.yaml:12:9: spec.storage.partitions[1].part_start: want a string, found a list`)

	_, err = Parse(t.Context(), minimal+"{}", "p.yaml", func(*v1alpha1.NodeProfile, *v1alpha1.AirshipImage) error { return errors.New("other") })
	assert.EqualError(t, err, "p.yaml: other")
}

// A file of another format must not fill the screen.
func TestManyMistakes(t *testing.T) {
	var text strings.Builder
	text.WriteString(minimal + "\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  field%d: 1\n", i)
	}
	_, err := Parse(t.Context(), text.String(), "p.yaml")
	require.Error(t, err)
	assert.Len(t, mistake.All(err), 1000)
	assert.Equal(t, 52, strings.Count(err.Error(), "\n")+1)
	assert.True(t, strings.HasSuffix(err.Error(), "and 950 more"))
}
