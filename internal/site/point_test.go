package site

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// golden compares text with testdata/golden/name; AIRSHIP_UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

// digits is a hash of so many hex digits.
func digits(letter string, count int) string { return strings.Repeat(letter, count) }

func controlPlane() Image {
	return Image{
		Profile: "control-plane", ImageName: "control-plane", Action: v1alpha1.ActionBuildQcow2, Format: "qcow2",
		URL: "https://images.example.org/control-plane/1.qcow2", SHA256: digits("1", 64), SHA512: digits("a", 128), Size: 734003200,
		HostLabels: map[string]string{"airshipit.org/k8s-role": "controlplane-host"},
		Digests:    map[string]string{"plan": digits("2", 64), "profile": digits("3", 64)}, Architecture: "amd64",
	}
}

func worker() Image {
	return Image{
		Profile: "worker", ImageName: "worker", Action: v1alpha1.ActionBuildQcow2, Format: "raw",
		URL: "oci://registry.example.org/images/worker@sha256:" + digits("4", 64), SHA256: digits("5", 64), SHA512: digits("6", 128), Size: 20401094656,
		HostLabels: map[string]string{"airshipit.org/k8s-role": "worker"},
		Digests:    map[string]string{"md5": digits("7", 32)}, Architecture: "amd64",
	}
}

func ephemeral() Image {
	return Image{
		Profile: "ephemeral", ImageName: "ephemeral", Action: v1alpha1.ActionBuildISO, Format: "iso",
		URL: "http://10.23.24.1:8099/ephemeral-2.iso", SHA256: digits("8", 64), Size: 300000000, Architecture: "amd64",
	}
}

// everything is a request for all that testdata/site has.
func everything() Request {
	return Request{Status: true, Targets: []Target{
		{Kind: "BareMetalHost"},
		{Kind: "Metal3MachineTemplate"},
		{Kind: "VersionsCatalogue", Name: "versions-airshipctl", Image: "control-plane"},
		{Kind: "VersionsCatalogue", Name: "versions-remotedirect", Path: "spec.remotedirect.isoURL", Image: "ephemeral"},
		{Kind: "BaremetalManager", Name: "RemoteDirectEphemeral"},
		{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks[name=worker].image", Image: "worker", Checksum: "sha256"},
		{Kind: "VariableCatalogue", Name: "images", Path: `{.spec.disks[?(@.name=="controlplane")].location}`, Image: "control-plane"},
		{Kind: "VariableCatalogue", Name: "images", Path: "spec.disks[0].sum.value", Image: "control-plane", Value: "checksum", Checksum: "sha512"},
		{Kind: "BareMetalHost", Name: "node09", Image: "control-plane"},
	}}
}

// copied is a copy of a directory of testdata.
func copied(t *testing.T, name string) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.CopyFS(directory, os.DirFS(filepath.Join("testdata", name))))
	return directory
}

func read(t *testing.T, source Source) *Site {
	t.Helper()
	site, err := Read(t.Context(), source)
	require.NoError(t, err)
	return site
}

// shown is a text without the directory of the test.
func shown(text, directory string) string {
	directory = filepath.ToSlash(directory) + "/"
	below := "/" + strings.TrimPrefix(directory, "/")
	return strings.NewReplacer("a"+below, "a/", "b"+below, "b/", directory, "").Replace(text)
}

func listing(changes *Changes, directory string) string {
	var out strings.Builder
	for _, done := range changes.Done {
		fmt.Fprintf(&out, "%s %s/%s in %s: %s %s %t\n", done.Kind, done.Namespace, done.Name, done.File, done.Image, done.URL, done.Changed)
	}
	for _, warning := range changes.Warnings {
		fmt.Fprintln(&out, "warning:", warning)
	}
	return shown(out.String(), directory)
}

// Lines that were not asked about are byte for byte as they were, as the diff shows.
func TestInPlace(t *testing.T) {
	directory := copied(t, "site")
	site := read(t, Source{Documents: []string{directory}})
	images := []Image{controlPlane(), worker(), ephemeral()}
	out := filepath.Join(directory, "new")
	changes, err := site.Point(t.Context(), images, everything(), Output{Directory: out})
	require.NoError(t, err)
	golden(t, "inplace.diff", shown(changes.Diff(), directory))
	golden(t, "inplace.txt", listing(changes, directory))
	for _, secret := range []string{"correct-horse", "r00tme"} {
		assert.NotContains(t, changes.Diff(), secret)
	}
	require.NoError(t, changes.Write())
	for _, change := range changes.Files {
		data, err := os.ReadFile(change.Name)
		require.NoError(t, err)
		assert.Equal(t, string(change.After), string(data))
	}
	left, err := filepath.Glob(filepath.Join(directory, "*", ".*"))
	require.NoError(t, err)
	assert.Empty(t, left)

	again, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), images, everything(), Output{Directory: out})
	require.NoError(t, err)
	assert.Empty(t, again.Files, "what points at the images already is not written again")
	assert.Empty(t, again.Diff())
	for _, done := range again.Done {
		assert.False(t, done.Changed, done)
	}
}

// git takes the diff for what it is.
func TestDiffApplies(t *testing.T) {
	git, err := exec.LookPath("git")
	require.NoError(t, err)
	directory := copied(t, "site")
	name := filepath.Join(directory, "hosts", "hosts.yaml")
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, bytes.TrimSuffix(data, []byte("\n")), 0o644))
	t.Chdir(directory)
	changes, err := read(t, Source{Documents: []string{"hosts", "images"}}).Point(t.Context(), []Image{controlPlane(), worker(), ephemeral()},
		Request{Status: true, Targets: []Target{{Kind: "BareMetalHost"}}}, Output{Directory: "new"})
	require.NoError(t, err)
	require.Len(t, changes.Files, 3)
	cmd := exec.Command(git, "apply", "--unsafe-paths", "-")
	cmd.Dir, cmd.Stdin = directory, strings.NewReader(changes.Diff())
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	for _, change := range changes.Files {
		data, err := os.ReadFile(change.Name)
		require.NoError(t, err)
		assert.Equal(t, string(change.After), string(data), change.Name)
	}
}

func TestDirectory(t *testing.T) {
	directory := copied(t, "site")
	site := read(t, Source{Documents: []string{filepath.Join(directory, "catalogues"), filepath.Join(directory, "hosts", "*.yaml")}})
	out := filepath.Join(t.TempDir(), "a", "b")
	changes, err := site.Point(t.Context(), []Image{controlPlane()}, Request{Targets: []Target{
		{Kind: "VersionsCatalogue", Name: "versions-airshipctl"}, {Kind: "BareMetalHost"}, {Kind: "BareMetalHost", Name: "node08"},
	}}, Output{Form: Directory, Directory: out})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	var names []string
	for _, change := range changes.Files {
		name, err := filepath.Rel(out, change.Name)
		require.NoError(t, err)
		names = append(names, filepath.ToSlash(name))
	}
	assert.Equal(t, []string{recordFile, "baremetalhost-node08.yaml", "catalogues/versions-airshipctl.yaml", "hosts/hosts.yaml", "kustomization.yaml"}, names)
	same, err := os.ReadFile(filepath.Join(directory, "hosts", "hosts.yaml"))
	require.NoError(t, err)
	original, err := os.ReadFile("testdata/site/hosts/hosts.yaml")
	require.NoError(t, err)
	assert.Equal(t, string(original), string(same), "the documents stay")
	kustomization, err := os.ReadFile(filepath.Join(out, "kustomization.yaml"))
	require.NoError(t, err)
	golden(t, "generated-host.yaml", string(kustomization)+"---\n"+string(existing(filepath.Join(out, "baremetalhost-node08.yaml"))))
}

// Of an image in several formats a document gets the first that it can name, and the one that it asks for.
func TestSeveralFormats(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "hosts.yaml")
	host := "apiVersion: metal3.io/v1alpha1\nkind: BareMetalHost\nmetadata:\n  name: node01\n  labels: {role: worker}\nspec:\n  online: true\n"
	require.NoError(t, os.WriteFile(file, []byte(host), 0o600))
	var images []Image
	for _, format := range []string{"vhd", "raw", "qcow2"} {
		image := worker()
		image.Format, image.URL = format, "http://images.example.org/worker."+format
		image.HostLabels = map[string]string{"role": "worker"}
		images = append(images, image)
	}
	for _, c := range []struct {
		target Target
		want   string
	}{
		{Target{Kind: "BareMetalHost"}, "worker.raw"},
		{Target{Kind: "BareMetalHost", Name: "node01"}, "worker.raw"},
		{Target{Kind: "BareMetalHost", Format: "qcow2"}, "worker.qcow2"},
	} {
		changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), images, Request{Targets: []Target{c.target}}, Output{})
		require.NoError(t, err)
		require.Len(t, changes.Files, 1)
		assert.Contains(t, string(changes.Files[0].After), "http://images.example.org/"+c.want+"\n")
	}
}

// A checksum without its type stays one of the kind that it is, for whoever reads it takes it for that.
func TestUntypedChecksum(t *testing.T) {
	image := controlPlane()
	image.URL = "http://images.example.org/new.qcow2"
	image.Digests = map[string]string{"md5": digits("7", 32)}
	for old, want := range map[string]string{
		digits("0", 64): image.SHA256, digits("0", 128): image.SHA512, digits("0", 32): image.Digests["md5"],
		"http://old/a.qcow2.md5sum": image.Digests["md5"], "http://old/a.qcow2.sha256": image.SHA256, "": image.SHA256,
	} {
		file := filepath.Join(t.TempDir(), "catalogue.yaml")
		text := "apiVersion: airshipit.org/v1alpha1\nkind: VariableCatalogue\nmetadata: {name: images}\nspec:\n  image: {url: 'http://old', checksum: '" + old + "'}\n  sum: '" + old + "'\n"
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{image}, Request{Targets: []Target{
			{Kind: "VariableCatalogue", Name: "images", Path: "spec.image"}, {Kind: "VariableCatalogue", Name: "images", Path: "spec.sum", Value: "checksum"},
		}}, Output{})
		require.NoError(t, err, old)
		require.Len(t, changes.Files, 1)
		assert.Equal(t, 2, strings.Count(string(changes.Files[0].After), want), "%s: %s", old, changes.Files[0].After)
	}
}
