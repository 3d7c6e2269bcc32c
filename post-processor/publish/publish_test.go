package publish

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/handover"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
	"github.com/airshipit/packer-plugin-airship/internal/site"
)

const profileYAML = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: worker}
spec: {software: {packages: [openssh-server]}}
`

const imageYAML = `apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata: {name: worker-image}
spec:
  nodeProfileRef: {name: worker}
  hostSelector: {matchLabels: {role: worker}}
  publish:
    directory: /srv/images
    url: http://images.example.org
    documents: [{kind: VersionsCatalogue, name: versions, fieldPath: spec.files.a.b}]
`

const host = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata: {name: node01, labels: {role: worker}}
spec: {online: true}
`

func configure(t *testing.T, options map[string]any) (*PostProcessor, error) {
	t.Helper()
	p := new(PostProcessor)
	return p, p.Configure(options)
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts.yaml"), []byte(host), 0o600))
	for name, c := range map[string]struct {
		options map[string]any
		want    []string
	}{
		"all at once": {
			map[string]any{"update": "inplace", "point_to": "there", "ca_bundle": "/nowhere.pem"},
			[]string{`update is "inplace": want one of`, `point_to is "there"`, "ca_bundle: stat /nowhere.pem"},
		},
		"no directory for patches": {map[string]any{"update": "patch"}, []string{"want an update_directory"}},
		"names of no registry": {
			map[string]any{"profile_yaml": profileYAML, "registry": "https://r.example/x", "tag": "v1/x", "bundle": "r.example/y"},
			[]string{"without http:// or https://", "tag: want at most 128 letters", "has no tag: want REGISTRY/REPOSITORY:TAG"},
		},
		"nowhere":          {map[string]any{"profile_yaml": profileYAML}, []string{"is to be stored nowhere"}},
		"half":             {map[string]any{"profile_yaml": profileYAML, "registry": "r.example/x", "point_to": "directory"}, []string{"there is no directory"}},
		"a URL of nothing": {map[string]any{"profile_yaml": profileYAML, "registry": "r.example/x", "url": "http://x"}, []string{"url is that of directory"}},
		"a host that is not there": {
			map[string]any{
				"profile_yaml": profileYAML, "registry": "r.example/x", "documents": []string{dir},
				"target": []map[string]any{{"kind": "BareMetalHost", "name": "node02"}},
			},
			[]string{"no BareMetalHost has this name", "did you mean node01?"},
		},
		"no documents there": {map[string]any{"documents": []string{dir + "/no"}}, []string{"there is no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configure(t, c.options)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
	for name, options := range map[string]map[string]any{
		"nothing known": {"profile_yaml": "<unknown>", "registry": "<unknown>", "documents": []string{"<unknown>"}},
		"no profile":    {"registry": "r.example/x", "documents": []string{dir}},
	} {
		_, err := configure(t, options)
		require.NoError(t, err, name)
	}
}

func TestOrder(t *testing.T) {
	image := &v1alpha1.AirshipImage{}
	image.Spec.Publish = v1alpha1.Publication{
		Directory: "/srv/images", URL: "http://images.example.org", Tag: "v1", Overwrite: true,
		Documents: []v1alpha1.PublicationTarget{{Kind: "VersionsCatalogue", Name: "versions"}},
	}
	image.Spec.HostSelector.MatchLabels = map[string]string{"role": "worker"}
	no := false

	o := (&Config{}).order(image)
	assert.Equal(t, toDirectory, o.pointTo)
	assert.True(t, o.Overwrite)
	assert.Equal(t, []site.Target{{Kind: "VersionsCatalogue", Name: "versions"}}, o.targets)

	o = (&Config{Registry: "r.example/x", Tag: "v2", Overwrite: &no, Targets: []Target{{Kind: "BareMetalHost", Name: "node01"}}}).order(image)
	assert.Empty(t, o.pointTo, "the first destination's")
	assert.Equal(t, "v2", o.Tag)
	assert.False(t, o.Overwrite)
	assert.Equal(t, []site.Target{{Kind: "BareMetalHost", Name: "node01"}}, o.targets)
}

// built is an artifact of the builder airship, with one image and its SBOM.
func built(t *testing.T, text string) *packersdk.MockArtifact {
	t.Helper()
	dir := t.TempDir()
	image := filepath.Join(dir, "worker.qcow2")
	require.NoError(t, os.WriteFile(image, []byte(text), 0o600))
	sha := fmt.Sprintf("%x", sum256(text))
	m, err := json.Marshal(map[string]any{
		"profile": "worker", "architecture": "amd64", "epoch": 1,
		"images": []any{
			map[string]any{"name": "worker.qcow2", "format": "qcow2", "size": len(text), "sha256": sha},
			map[string]any{"name": "worker", "format": "directory"},
		},
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(image+manifestEnding, m, 0o600))
	require.NoError(t, os.WriteFile(image+sbom.Ending, []byte("{}"), 0o600))
	return &packersdk.MockArtifact{
		IdValue: "sha256:" + sha, FilesValue: []string{image, image + manifestEnding, image + sbom.Ending},
		StateValues: map[string]any{handover.Image: imageYAML},
	}
}

func TestImages(t *testing.T) {
	artifact := built(t, "QFI\xfbdisk")
	images, err := new(Config).imagesOf(t.Context(), artifact)
	require.NoError(t, err)
	require.Len(t, images, 1)
	assert.Equal(t, "worker", images[0].Profile)
	assert.Len(t, images[0].MD5, 32)
	require.Len(t, images[0].Attachments, 1)
	assert.Equal(t, sbom.MediaType, images[0].Attachments[0].MediaType)

	// Post-processors before this one may write names in another way.
	for i, file := range artifact.FilesValue {
		artifact.FilesValue[i] = filepath.Dir(file) + "/./" + filepath.Base(file)
	}
	images, err = new(Config).imagesOf(t.Context(), artifact)
	require.NoError(t, err)
	assert.Len(t, images[0].Attachments, 1)

	artifact.FilesValue = artifact.FilesValue[1:]
	_, err = new(Config).imagesOf(t.Context(), artifact)
	require.ErrorContains(t, err, "the post-processor comes before those that change it")
}

func TestUnbooted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a"+manifestEnding)
	for boots, want := range map[string]string{
		`[]`: "", `[{"firmware":"bios","verified":true}]`: "",
		`[{"firmware":"bios","verified":true},{"firmware":"uefi","reason":"verify_boot is false"}]`: "uefi: verify_boot is false",
	} {
		require.NoError(t, os.WriteFile(file, []byte(`{"boots":`+boots+`}`), 0o600))
		assert.Equal(t, want, unbooted([]string{"a.qcow2", file}))
	}
}

func TestForeignImages(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for name, text := range map[string]string{"disk": "QFI\xfbdisk", "live.iso": "iso", "efivars.fd": "no", "notes.txt": "n"} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		files = append(files, file)
	}
	images, err := (&Config{Architecture: "arm64"}).imagesOf(t.Context(), &packersdk.MockArtifact{FilesValue: files})
	require.NoError(t, err)
	got := map[string]string{}
	for _, i := range images {
		got[i.Name] = i.Format
		assert.Len(t, i.SHA256, 64)
		assert.Equal(t, "arm64", i.Architecture)
	}
	assert.Equal(t, map[string]string{"disk.qcow2": "qcow2", "live.iso": "iso"}, got)

	p, err := configure(t, map[string]any{"profile_yaml": strings.Replace(profileYAML, "spec: {", "spec: {architecture: arm64, ", 1), "directory": dir})
	require.NoError(t, err)
	images, err = p.config.imagesOf(t.Context(), &packersdk.MockArtifact{FilesValue: files})
	require.NoError(t, err)
	for _, i := range images {
		assert.Equal(t, "worker arm64", i.Profile+" "+i.Architecture, "the template's profile tells")
	}
	_, err = new(Config).imagesOf(t.Context(), &packersdk.MockArtifact{FilesValue: []string{filepath.Join(dir, "notes.txt")}})
	require.ErrorContains(t, err, "has no image among its files")
}

// An image goes to a directory, and a host names it; the second time nothing changes.
func TestPostProcess(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	web, docs := filepath.Join(t.TempDir(), "web"), t.TempDir()
	hosts := filepath.Join(docs, "hosts.yaml")
	require.NoError(t, os.WriteFile(hosts, []byte(host), 0o600))
	p, err := configure(t, map[string]any{
		"directory": web, "documents": []string{docs}, "target": []map[string]any{{"kind": "BareMetalHost"}},
	})
	require.NoError(t, err)
	source := built(t, "QFI\xfbdisk")

	result, keep, force, err := p.PostProcess(t.Context(), packersdk.TestUi(t), source)
	require.NoError(t, err)
	assert.True(t, keep)
	assert.False(t, force)
	assert.Equal(t, source.FilesValue, result.Files())
	url, _ := result.State("url").(string)
	assert.Regexp(t, `^http://images\.example\.org/worker-[0-9a-f]{12}\.qcow2$`, url)
	assert.Equal(t, url, result.Id())
	stored, err := os.ReadFile(filepath.Join(web, filepath.Base(url)))
	require.NoError(t, err)
	assert.Equal(t, "QFI\xfbdisk", string(stored))
	changed, err := os.ReadFile(hosts)
	require.NoError(t, err)
	assert.Contains(t, string(changed), url)

	_, _, _, err = p.PostProcess(t.Context(), packersdk.TestUi(t), source)
	require.NoError(t, err)
	again, err := os.ReadFile(hosts)
	require.NoError(t, err)
	assert.Equal(t, string(changed), string(again))

	_, _, _, err = p.PostProcess(t.Context(), packersdk.TestUi(t), built(t, "QFI\xfbother"))
	require.ErrorContains(t, err, "overwrite")
	again, err = os.ReadFile(hosts)
	require.NoError(t, err)
	assert.Equal(t, string(changed), string(again), "a document names what was not stored")
}

// No document names what the web server does not serve.
func TestNotServed(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	web, docs := t.TempDir(), t.TempDir()
	server := httptest.NewServer(http.StripPrefix("/images/", http.FileServer(http.Dir(web))))
	t.Cleanup(server.Close)
	hosts := filepath.Join(docs, "hosts.yaml")
	require.NoError(t, os.WriteFile(hosts, []byte(host), 0o600))
	said := &packersdk.MockUi{}
	publish := func(url string) error {
		p, err := configure(t, map[string]any{"directory": web, "url": url, "documents": []string{hosts}, "target": []map[string]any{{"kind": "BareMetalHost"}}})
		require.NoError(t, err)
		_, _, _, err = p.PostProcess(t.Context(), said, built(t, "QFI\xfbdisk"))
		return err
	}
	require.ErrorContains(t, publish(server.URL), "the image is stored, but nothing names it: ")
	text, err := os.ReadFile(hosts)
	require.NoError(t, err)
	assert.Equal(t, host, string(text))
	require.NoError(t, publish(server.URL+"/images"))
	text, err = os.ReadFile(hosts)
	require.NoError(t, err)
	assert.Contains(t, string(text), server.URL+"/images/worker-")
	var words []string
	for _, message := range said.SayMessages {
		words = append(words, message.Message)
	}
	assert.Contains(t, strings.Join(words, "\n"), "Warning: 127.0.0.1 is every host's own address", "no other host reads that")
}

// Hosts that the AirshipImage selects name it besides the documents that are listed.
func TestHostsAndOthers(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	docs := t.TempDir()
	const catalogue = "apiVersion: airshipit.org/v1alpha1\nkind: VersionsCatalogue\nmetadata: {name: versions}\nspec: {files: {a: {b: {url: old}}}}\n"
	hosts, versions := filepath.Join(docs, "hosts.yaml"), filepath.Join(docs, "versions.yaml")
	require.NoError(t, os.WriteFile(hosts, []byte(host), 0o600))
	require.NoError(t, os.WriteFile(versions, []byte(catalogue), 0o600))
	p, err := configure(t, map[string]any{"directory": filepath.Join(t.TempDir(), "web"), "documents": []string{docs}})
	require.NoError(t, err)
	result, _, _, err := p.PostProcess(t.Context(), packersdk.TestUi(t), built(t, "QFI\xfbdisk"))
	require.NoError(t, err)
	for _, file := range []string{hosts, versions} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(text), result.Id(), file)
	}
}

func TestWithoutURL(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	docs := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(docs, "hosts.yaml"), []byte(host), 0o600))
	p, err := configure(t, map[string]any{"directory": filepath.Join(docs, "web"), "documents": []string{filepath.Join(docs, "hosts.yaml")}})
	require.NoError(t, err)
	source := built(t, "QFI\xfbdisk")
	source.StateValues[handover.Image] = strings.Replace(imageYAML, "    url: http://images.example.org\n", "", 1)
	_, _, _, err = p.PostProcess(context.Background(), packersdk.TestUi(t), source)
	require.ErrorContains(t, err, "which will have no URL: give url")
}

func sum256(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// What an AirshipImage says of secrets is not for the cluster.
func TestObject(t *testing.T) {
	image := &v1alpha1.AirshipImage{}
	image.Name, image.Spec.Params = "worker-image", &v1alpha1.NodeProfileSpec{}
	image.Spec.Params.Users.UserManagement = []v1alpha1.User{{Name: "ops", Password: "$6$planted"}}
	object, err := run{image: image}.object(nil)
	require.NoError(t, err)
	text, err := json.Marshal(object.Object)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "planted")
	assert.NotNil(t, image.Spec.Params, "the image itself was changed")
}
