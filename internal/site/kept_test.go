package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const twoPlaces = `apiVersion: airshipit.org/v1alpha1
kind: VariableCatalogue
metadata: {name: images}
spec:
  a: http://old/a # the first
  b: http://old/b
  list:
  - {name: x, url: http://old/x}
  - {name: y, url: http://old/y}
`

// pointAt points one target of a file at an image and writes what changes.
func pointAt(t *testing.T, file string, image Image, target Target, output Output) (*Changes, error) {
	t.Helper()
	changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{image}, Request{Targets: []Target{target}}, output)
	if err == nil {
		require.NoError(t, changes.Write())
	}
	return changes, err
}

// Builds that change one catalogue in an output directory keep each other's changes.
func TestOthersChangesAreKept(t *testing.T) {
	for form, want := range map[Form][]string{
		Directory: {"a: http://new/a # the first", "b: http://new/b"},
		Patch:     {"a: http://new/a", "b: http://new/b"},
	} {
		file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
		require.NoError(t, os.WriteFile(file, []byte(twoPlaces), 0o600))
		for _, key := range []string{"a", "b", "a"} {
			image := worker()
			image.URL = "http://new/" + key
			_, err := pointAt(t, file, image, Target{Kind: "VariableCatalogue", Name: "images", Path: "spec." + key}, Output{Form: form, Directory: out})
			require.NoError(t, err, form)
		}
		name := map[Form]string{Directory: "images.yaml", Patch: "variablecatalogue-images.yaml"}[form]
		text, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		for _, line := range want {
			assert.Contains(t, string(text), line, form)
		}
	}

	// So do operations on elements of lists.
	file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
	require.NoError(t, os.WriteFile(file, []byte(twoPlaces), 0o600))
	for _, name := range []string{"x", "y", "x"} {
		image := worker()
		image.URL = "http://new/" + name
		_, err := pointAt(t, file, image, Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.list[name=" + name + "].url"}, Output{Form: Patch, Directory: out})
		require.NoError(t, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "variablecatalogue-images.yaml"))
	require.NoError(t, err)
	for _, url := range []string{"value: http://new/x", "value: http://new/y"} {
		assert.Equal(t, 1, strings.Count(string(text), url), string(text))
	}

	// What is somebody's own is not replaced.
	require.NoError(t, os.WriteFile(filepath.Join(out, "images.yaml"), []byte("kind: Other\nmetadata: {name: images}\n"), 0o600))
	_, err = pointAt(t, file, worker(), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.a"}, Output{Form: Directory, Directory: out})
	require.ErrorContains(t, err, "holds other documents than would be written there")
}

// An AirshipImage in the output directory keeps what else it says.
func TestImageIsKept(t *testing.T) {
	file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
	require.NoError(t, os.WriteFile(file, []byte(twoPlaces), 0o600))
	own := filepath.Join(out, "airshipimage-worker.yaml")
	require.NoError(t, os.WriteFile(own, []byte("apiVersion: airshipit.org/v1alpha1\nkind: AirshipImage\nmetadata: {name: worker} # mine\nspec: {params: {platform: vm}}\n"), 0o600))
	for range 2 {
		changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{worker()}, Request{Status: true}, Output{Directory: out})
		require.NoError(t, err)
		require.NoError(t, changes.Write())
	}
	text, err := os.ReadFile(own)
	require.NoError(t, err)
	assert.Contains(t, string(text), "# mine")
	assert.Contains(t, string(text), "params: {platform: vm}")
	assert.Contains(t, string(text), "url: "+worker().URL)
}

func TestPatchNamesDiffer(t *testing.T) {
	assert.NotEqual(t, patchName("BareMetalHost", "a", "b-c"), patchName("BareMetalHost", "a-b", "c"))
	assert.NotEqual(t, patchName("BareMetalHost", "", "a-b"), patchName("BareMetalHost", "a", "b"))
}

// A host that the AirshipImages of two profiles select would have whichever is built last.
func TestTwoProfilesOfOneHost(t *testing.T) {
	file := filepath.Join(t.TempDir(), "site.yaml")
	site := func(action string) string {
		return `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node01, labels: {role: worker, zone: a}}
spec: {online: true}
---
apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata: {name: worker}
spec: {hostSelector: {matchLabels: {role: worker}}}
---
apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata: {name: control-plane}
spec: {builder: {action: ` + action + `}, hostSelector: {matchLabels: {zone: a}}}
`
	}
	image := worker()
	image.HostLabels = map[string]string{"role": "worker"}
	for action, want := range map[string]string{
		"build-qcow": file + ":3:26: metadata.labels: BareMetalHost node01 is selected by the image worker (role=worker) and by the AirshipImage control-plane at " + file + ":14",
		"build-iso":  "",
	} {
		require.NoError(t, os.WriteFile(file, []byte(site(action)), 0o600))
		_, err := pointAt(t, file, image, Target{Kind: "BareMetalHost"}, Output{})
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestSecretsOfDiffs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "images.yaml")
	text := twoPlaces + "  passwd: planted-1\n  private_key: planted-2\n  apiKey: planted-3\n  credentials: {user: planted-4, name: shown-1}\n"
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(text, "  list:", "  list:  # x")), 0o600))
	changes, err := pointAt(t, file, worker(), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.list[name=y].url"}, Output{})
	require.NoError(t, err)
	assert.NotContains(t, changes.Diff(), "planted")
}
