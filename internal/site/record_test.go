package site

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
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

	// A patch becomes one of operations when another build needs them.
	image := worker()
	image.URL = "http://new/a"
	_, err = pointAt(t, file, image, Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.a"}, Output{Form: Patch, Directory: out})
	require.NoError(t, err)
	assert.Equal(t, []string{"http://new/a", "http://new/x", "http://new/y"}, replaced(t, filepath.Join(out, "variablecatalogue-images.yaml")))

	// What is somebody's own is not replaced.
	require.NoError(t, os.WriteFile(filepath.Join(out, "images.yaml"), []byte("kind: Other\nmetadata: {name: images}\n"), 0o600))
	_, err = pointAt(t, file, worker(), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.a"}, Output{Form: Directory, Directory: out})
	require.ErrorContains(t, err, "holds other documents than would be written there")
}

// replaced are the values of a patch of operations.
func replaced(t *testing.T, name string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var operations []struct{ Op, Value string }
	require.NoError(t, yaml.Unmarshal(text, &operations))
	for _, one := range operations {
		if one.Op == "add" {
			all = append(all, one.Value)
		}
	}
	slices.Sort(all)
	return all
}

// The files of an output directory follow from the documents as they are now: no checksum of an earlier image stays, and elements of lists are
// those that are asked for, wherever they stand.
func TestOutputIsMadeAnew(t *testing.T) {
	const start = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node01}
spec:
  bmc: {address: redfish://192.0.2.1}
---
apiVersion: airshipit.org/v1alpha1
kind: VariableCatalogue
metadata: {name: images}
spec:
  one: {url: http://old/one}
  list:
  - {name: x, url: http://old/x}
  - {name: y, url: http://old/y}
`
	web, inRegistry := worker(), worker()
	web.URL, web.Format = "http://web/a.qcow2", "qcow2"
	inRegistry.Format = "qcow2"
	for _, form := range []Form{Directory, Patch} {
		dir, out := t.TempDir(), t.TempDir()
		file := filepath.Join(dir, "site.yaml")
		write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
		point := func(image Image, targets ...Target) string {
			changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{image}, Request{Targets: targets}, Output{Form: form, Directory: out})
			require.NoError(t, err)
			require.NoError(t, changes.Write())
			assert.NotContains(t, strings.Join(changes.Warnings, "\n"), "does not name")
			var all strings.Builder
			names, err := filepath.Glob(filepath.Join(out, "[a-j]*.yaml")) // no kustomization
			require.NoError(t, err)
			more, err := filepath.Glob(filepath.Join(out, "[s-v]*.yaml"))
			require.NoError(t, err)
			for _, name := range append(names, more...) {
				text, err := os.ReadFile(name)
				require.NoError(t, err)
				all.Write(text)
			}
			return all.String()
		}
		host := Target{Kind: "BareMetalHost", Name: "node01"}
		one := Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.one"}
		x := Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.list[name=x].url"}
		write(start)
		assert.Contains(t, point(web, host, one, x), "checksum: \""+web.SHA256+"\"", form)

		write(strings.Replace(strings.Replace(start, "  list:", "  list:\n  - {name: w, url: http://old/w}", 1), "192.0.2.1", "192.0.2.2", 1))
		text := point(inRegistry, host)
		assert.NotRegexp(t, `(?s)kind: BareMetalHost.*spec:.*checksum: "`, strings.Split(text, "VariableCatalogue")[0], form)
		text = point(inRegistry, one, x)
		assert.NotContains(t, text, "checksum: \"", form)
		assert.NotContains(t, text, web.URL, form)
		if form == Directory {
			assert.Contains(t, text, "192.0.2.2", "an edit of the operator's")
			assert.Contains(t, text, "- {name: w, url: http://old/w}\n  - {name: x, url: "+inRegistry.URL+"}\n  - {name: y, url: http://old/y}")
		} else {
			assert.Contains(t, text, "path: /spec/list/1/url")
			assert.NotContains(t, text, "path: /spec/list/0")
		}

		// A place that is gone is told, and the rest is written.
		write(strings.Replace(start, "  one: {url: http://old/one}\n", "", 1))
		changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{web}, Request{Targets: []Target{x}}, Output{Form: form, Directory: out})
		require.NoError(t, err)
		assert.Regexp(t, `VariableCatalogue images at spec\.one does not name \S+ any more, as an earlier build did: .*has no image at spec\.one`, strings.Join(changes.Warnings, "\n"))
		require.NoError(t, changes.Write())
	}
}

// A kustomization with an earlier patch in it lacks what that removed; the next patch removes it still.
func TestPatchesOfPatched(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "patches")
	const documents = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node01}
spec: {image: {url: http://old/a, checksum: "0", checksumType: md5}}
---
apiVersion: airshipit.org/v1alpha1
kind: VariableCatalogue
metadata: {name: images}
spec: {list: [{name: x, image: {url: http://old/x, checksum: "0"}}]}
---
apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata: {name: worker}
status: {digests: {gone: "0"}}
`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "site.yaml"), []byte(documents), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte("resources: [site.yaml]\n"), 0o600))
	for i := range 3 {
		image := worker()
		image.URL = fmt.Sprintf("oci://registry.example.org/x@sha256:%064d", i)
		changes, err := read(t, Source{Kustomizations: []string{dir}}).Point(t.Context(), []Image{image}, Request{Status: true, Targets: []Target{
			{Kind: "BareMetalHost", Name: "node01"}, {Kind: "VariableCatalogue", Name: "images", Path: "spec.list[name=x].image"},
		}}, Output{Form: Patch, Directory: out})
		require.NoError(t, err)
		require.NoError(t, changes.Write())
		require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte("resources: [site.yaml]\ncomponents: [patches]\n"), 0o600))
		text := kustomized(t, dir)
		assert.Equal(t, 3, strings.Count(text, image.URL), text)
		assert.Equal(t, 1, strings.Count(text, "checksum"), "run %d: the status' alone: %s", i, text)
		assert.NotContains(t, text, "gone", "run %d", i)
	}
}

// Builds that change one encrypted file keep each other's changes.
func TestOthersChangesOfEncryptedAreKept(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, twoPlaces, "--unencrypted-regex", openFields), 0o600))
	for _, name := range []string{"a", "b", "a"} {
		image := worker()
		image.URL = "http://new/" + name
		_, err := pointAt(t, file, image, Target{Kind: "VariableCatalogue", Name: "images", Path: "spec." + name}, Output{Form: Directory, Directory: out})
		require.NoError(t, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "images.yaml"))
	require.NoError(t, err)
	opened, err := sops.Decrypt(t.Context(), "images.yaml", text)
	require.NoError(t, err)
	assert.Contains(t, string(opened.Text), "a: http://new/a")
	assert.Contains(t, string(opened.Text), "b: http://new/b")
}

func TestRecordIsBroken(t *testing.T) {
	file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
	require.NoError(t, os.WriteFile(file, []byte(twoPlaces), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(out, recordFile), []byte("{"), 0o600))
	_, err := pointAt(t, file, worker(), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.a"}, Output{Form: Directory, Directory: out})
	require.ErrorContains(t, err, recordFile+": cannot be read: unexpected end of JSON input")
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
	text := "kind: Deployment\nmetadata: {name: x}\nautomountServiceAccountToken: true\n---\n" + twoPlaces + "  passwd: planted-1\n  private_key: planted-2\n  apiKey: planted-3\n  credentials: {user: planted-4, name: shown-1}\n"
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(text, "  list:", "  shared: true\n  list:  # x")), 0o600))
	changes, err := pointAt(t, file, worker(), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.list[name=y].url"}, Output{})
	require.NoError(t, err)
	assert.NotContains(t, changes.Diff(), "planted")
	assert.Contains(t, changes.Diff(), "shared: true", "what is true elsewhere, too")
}

const twoHosts = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node01}
spec: {image: {url: http://old/1, checksum: "0", checksumType: md5}}
---
apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node02}
spec: {image: {url: http://old/2, checksum: "0", checksumType: md5}}
`

// named is an image of a profile, and its version.
func named(profile string, version int) Image {
	image := worker()
	image.Profile, image.ImageName, image.Format = profile, profile, "qcow2"
	image.URL = fmt.Sprintf("http://web/%s-%d.qcow2", profile, version)
	return image
}

// A build whose own image the documents name already writes what another one named all the same.
func TestDocumentsNameItAlready(t *testing.T) {
	for _, form := range []Form{Directory, Patch} {
		file, out := filepath.Join(t.TempDir(), "hosts.yaml"), t.TempDir()
		point := func(host string, image Image) {
			changes, err := pointAt(t, file, image, Target{Kind: "BareMetalHost", Name: host}, Output{Form: form, Directory: out})
			require.NoError(t, err)
			assert.Empty(t, changes.Warnings)
		}
		shown := func() (all string) {
			names, err := filepath.Glob(filepath.Join(out, "*host*.yaml"))
			require.NoError(t, err)
			for _, name := range names {
				text, err := os.ReadFile(name)
				require.NoError(t, err)
				all += string(text)
			}
			return all
		}
		require.NoError(t, os.WriteFile(file, []byte(twoHosts), 0o600))
		point("node01", named("a", 1))
		point("node02", named("b", 1))
		require.Contains(t, shown(), "http://web/a-1.qcow2")
		// The operator takes over what was written.
		require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer("http://old/1", "http://web/a-1.qcow2", "http://old/2", "http://web/b-1.qcow2",
			`"0"`, `"`+worker().SHA256+`"`, "checksumType: md5", "checksumType: sha256, format: qcow2").Replace(twoHosts)), 0o600))
		point("node01", named("a", 2))
		point("node02", named("b", 1))
		assert.Contains(t, shown(), "http://web/a-2.qcow2", form)
		assert.Contains(t, shown(), "http://web/b-1.qcow2", form)
		assert.NotContains(t, shown(), "http://old", form)

		// A third host in the file is no reason to stop.
		added := strings.ReplaceAll(twoHosts+"---\n"+strings.Split(twoHosts, "---\n")[1], "name: node02", "name: node03")
		require.NoError(t, os.WriteFile(file, []byte(twoHosts+"---\n"+strings.Split(added, "---\n")[2]), 0o600))
		point("node01", named("a", 3))
		assert.Contains(t, shown(), "http://web/a-3.qcow2", form)
		if form == Directory {
			assert.Contains(t, shown(), "name: node03")
		}
	}
}

// What is written of a rendered document names the newest image, even where what it is rendered from does so by itself now.
func TestRenderedNamesItAlready(t *testing.T) {
	for _, form := range []Form{Directory, Patch} {
		dir, out := t.TempDir(), t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte("resources: [hosts.yaml]\n"), 0o600))
		for version, text := range []string{
			twoHosts,
			strings.NewReplacer("http://old/1", "http://web/a-1.qcow2", `"0"`, `"`+worker().SHA256+`"`, "checksumType: md5", "checksumType: sha256, format: qcow2").Replace(twoHosts),
		} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts.yaml"), []byte(text), 0o600))
			changes, err := read(t, Source{Kustomizations: []string{dir}}).Point(t.Context(), []Image{named("a", version)},
				Request{Targets: []Target{{Kind: "BareMetalHost", Name: "node01"}}}, Output{Form: form, Directory: out})
			require.NoError(t, err)
			require.NoError(t, changes.Write())
			written, err := os.ReadFile(filepath.Join(out, "baremetalhost-node01.yaml"))
			require.NoError(t, err)
			assert.Contains(t, string(written), fmt.Sprintf("http://web/a-%d.qcow2", version), form)
		}
	}
}

// What the record cannot tell is told.
func TestWarningsOfTheRecord(t *testing.T) {
	file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
	require.NoError(t, os.WriteFile(file, []byte(twoPlaces), 0o600))
	point := func(path string, version int) string {
		changes, err := pointAt(t, file, named("a", version), Target{Kind: "VariableCatalogue", Name: "images", Path: path}, Output{Form: Directory, Directory: out})
		require.NoError(t, err)
		return strings.Join(changes.Warnings, "\n")
	}
	assert.Empty(t, point("spec.a", 1))
	assert.Contains(t, point("spec.b", 2), "VariableCatalogue images at spec.a names the image a as an earlier build made it, and no target of this one asks for it")
	require.NoError(t, os.Remove(filepath.Join(out, recordFile)))
	assert.Contains(t, point("spec.b", 3), "images.yaml: is made anew, and names no more than this build's image: "+recordFile)

	// A list of the operator's is no copy.
	require.NoError(t, os.RemoveAll(out))
	writeFile(t, filepath.Join(out, "images.yaml"), "- hosts: all\n")
	_, err := pointAt(t, file, named("a", 1), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.a"}, Output{Form: Directory, Directory: out})
	require.ErrorContains(t, err, "holds other documents than would be written there")
}

// What another process records meanwhile is not lost.
func TestRecordChangesMeanwhile(t *testing.T) {
	file, out := filepath.Join(t.TempDir(), "images.yaml"), t.TempDir()
	require.NoError(t, os.WriteFile(file, []byte(twoPlaces), 0o600))
	there, err := readRecord(out)
	require.NoError(t, err)
	_, err = pointAt(t, file, named("b", 1), Target{Kind: "VariableCatalogue", Name: "images", Path: "spec.b"}, Output{Form: Directory, Directory: out})
	require.NoError(t, err)
	there.Places = []place{{Kind: "VariableCatalogue", Name: "images", Path: "spec.a", Image: named("a", 1)}}
	o := &outcome{changes: &Changes{}, there: there}
	require.NoError(t, o.record())
	require.ErrorContains(t, o.changes.Write(), recordFile+": was made by someone else meanwhile")
}
