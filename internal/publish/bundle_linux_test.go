package publish

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/registry/registrytest"
)

// unpacked brings a container image by skopeo and unpacks its layers by tar.
func unpacked(t *testing.T, reference string) string {
	t.Helper()
	dir, root := t.TempDir(), t.TempDir()
	run(t, "skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "docker://"+reference, "oci:"+dir+":x")
	var index v1.Index
	var manifest v1.Manifest
	read := func(name string, value any) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, value))
	}
	read("index.json", &index)
	read(blobPath(index.Manifests[0].Digest), &manifest)
	for _, l := range manifest.Layers {
		run(t, "tar", "-xf", filepath.Join(dir, blobPath(l.Digest)), "-C", root)
	}
	return root
}

func TestBundle(t *testing.T) {
	fresh(t, "{}")
	registry := count(before(registrytest.Start(t)))
	address := serve(t, registry)
	said := &spoken{}
	to := Bundle{Reference: address + "/site/qcow-bundle:v1", Transfer: quick(said)}
	a := written(t, "control-plane.qcow2", plan.QCOW2, noise(300_000, 1))
	b := written(t, "data-plane.qcow2", plan.QCOW2, noise(70_001, 2))
	all, err := to.Publish(t.Context(), []Image{b, a})
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Empty(t, all[0].URL)
	assert.Equal(t, "oci://"+address+"/site/qcow-bundle:v1", all[0].TagURL)

	root := unpacked(t, address+"/site/qcow-bundle:v1")
	for _, i := range []Image{a, b} {
		check := exec.Command("md5sum", "--check", "--strict", i.Name+".md5sum")
		check.Dir = filepath.Join(root, "qcows")
		out, err := check.CombinedOutput()
		require.NoError(t, err, "%s", out)
		want, err := os.ReadFile(i.File)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(root, "qcows", i.Name))
		require.NoError(t, err)
		sameBytes(t, want, got)
	}

	// The same again sends nothing, and other images nothing but their own layer.
	sent := registry.bytes.Load()
	again, err := to.Publish(t.Context(), []Image{b, a})
	require.NoError(t, err)
	assert.Equal(t, all, again)
	assert.Equal(t, sent, registry.bytes.Load())
	assert.Contains(t, said.text(), "data-plane.qcow2 is in the bundle already")

	changed := written(t, "data-plane.qcow2", plan.QCOW2, noise(80_000, 3))
	_, err = to.Publish(t.Context(), []Image{changed})
	require.ErrorContains(t, err, "site/qcow-bundle:v1 exists and has other images ("+all[0].Index+"): set overwrite")
	assert.Equal(t, sent, registry.bytes.Load())
	to.Overwrite = true
	_, err = to.Publish(t.Context(), []Image{changed})
	require.NoError(t, err)
	assert.Less(t, registry.bytes.Load()-sent, int64(90_000), "an image that did not change was sent again")
	root = unpacked(t, address+"/site/qcow-bundle:v1")
	got, err := os.ReadFile(filepath.Join(root, "qcows", "data-plane.qcow2"))
	require.NoError(t, err)
	sameBytes(t, noise(80_000, 3), got)
	got, err = os.ReadFile(filepath.Join(root, "qcows", "control-plane.qcow2"))
	require.NoError(t, err)
	sameBytes(t, noise(300_000, 1), got)

	// Put together in another order it is the same bundle.
	other := Bundle{Reference: address + "/site/other:v1", Overwrite: true, Transfer: quick(said)}
	_, err = other.Publish(t.Context(), []Image{changed})
	require.NoError(t, err)
	last, err := other.Publish(t.Context(), []Image{a})
	require.NoError(t, err)
	first, err := to.Publish(t.Context(), []Image{a})
	require.NoError(t, err)
	assert.Equal(t, first[0].Digest, last[0].Digest)
}

// Builds that run side by side add to one bundle, and none loses another's image.
func TestBundleOfManyBuilds(t *testing.T) {
	fresh(t, "{}")
	address := registrytest.Start(t)
	transfer := quick(&spoken{})
	transfer.Locks = t.TempDir()
	var group errgroup.Group
	const builds = 8
	for i := range builds {
		image := written(t, fmt.Sprintf("node%d.qcow2", i), plan.QCOW2, noise(10_000, byte(i)))
		image.Profile = fmt.Sprintf("node%d", i)
		group.Go(func() error {
			_, err := Bundle{Reference: address + "/b:v1", Overwrite: true, Transfer: transfer}.Publish(t.Context(), []Image{image})
			return err
		})
	}
	require.NoError(t, group.Wait())
	found, err := filepath.Glob(filepath.Join(unpacked(t, address+"/b:v1"), "qcows", "*.qcow2"))
	require.NoError(t, err)
	assert.Len(t, found, builds)
}

// What lies below in a bundle that is there stays: the init container's shell.
func TestBundleKeepsBase(t *testing.T) {
	fresh(t, "{}")
	address := registrytest.Start(t)
	file := containerFile(t, map[string]string{"bin/sh": "a shell"})
	// v2s2 is what docker push writes.
	for _, format := range []string{"oci", "v2s2"} {
		to := address + "/" + format + ":v1"
		run(t, "skopeo", "--insecure-policy", "copy", "--format="+format, "--dest-tls-verify=false", "oci-archive:"+file, "docker://"+to)
		_, err := Bundle{Reference: to, Overwrite: true, Transfer: quick(&spoken{})}.Publish(t.Context(), []Image{qcow2(t, 70_000)})
		require.NoError(t, err, format)
		root := unpacked(t, to)
		text, err := os.ReadFile(filepath.Join(root, "bin", "sh"))
		require.NoError(t, err, format)
		assert.Equal(t, "a shell", string(text), format)
		assert.FileExists(t, filepath.Join(root, "qcows", "node.qcow2"), format)
	}
}

func TestBundleRefuses(t *testing.T) {
	fresh(t, "{}")
	address := serve(t, specified())
	published(t, Registry{Repository: address + "/b", Tag: "v1", Transfer: quick(&spoken{})}, qcow2(t, 1000))
	for reference, want := range map[string]string{
		address + "/b":    "has no tag: want REGISTRY/REPOSITORY:TAG",
		address + "/b:v1": "is no bundle but of the type application/vnd.oci.image.index.v1+json",
		"nothing":         "bundle: want REGISTRY/REPOSITORY:TAG",
	} {
		_, err := Bundle{Reference: reference, Overwrite: true, Transfer: quick(&spoken{})}.Publish(t.Context(), []Image{qcow2(t, 1000)})
		require.ErrorContains(t, err, want)
	}
	_, err := Bundle{Reference: address + "/c:v1"}.Publish(t.Context(), []Image{written(t, "node.raw", plan.Raw, noise(1000, 1))})
	require.ErrorContains(t, err, "a bundle has images of the format qcow2 alone: node.raw is of the format raw")
	both := []Image{written(t, "node.raw", plan.Raw, noise(1000, 1)), qcow2(t, 1000)}
	require.ErrorContains(t, Bundle{Reference: address + "/d:v1"}.Check(t.Context(), both), "node.raw is of the format raw", "it would be stored nowhere")
	stored, err := Bundle{Reference: address + "/d:v1", BesideOthers: true, Transfer: quick(&spoken{})}.Publish(t.Context(), both)
	require.NoError(t, err)
	require.Len(t, stored, 1, "the raw disk is for another place")
	assert.Equal(t, "node.qcow2", stored[0].Image.Name)
}

// A cut in the middle of a layer is mended like one in a file.
func TestBundleCut(t *testing.T) {
	fresh(t, "{}")
	proxy := &cutting{Handler: specified(), at: []int64{600, 100_000, 300_000}}
	address := serve(t, proxy)
	_, err := Bundle{Reference: address + "/b:v1", Transfer: quick(&spoken{})}.Publish(t.Context(), []Image{qcow2(t, 300_000)})
	require.NoError(t, err)
	root := unpacked(t, address+"/b:v1")
	got, err := os.ReadFile(filepath.Join(root, "qcows", "node.qcow2"))
	require.NoError(t, err)
	sameBytes(t, noise(300_000, 0), got)
}

// containerFile is an OCI layout in a tar archive, made by skopeo.
func containerFile(t *testing.T, files map[string]string) string {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for name, text := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}))
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	root := filepath.Join(t.TempDir(), "layer.tar")
	require.NoError(t, os.WriteFile(root, layer.Bytes(), 0o600))
	file := filepath.Join(t.TempDir(), "image.tar")
	run(t, "skopeo", "--insecure-policy", "copy", "tarball:"+root, "oci-archive:"+file+":x")
	return file
}

// A container image keeps its digest.
func TestContainer(t *testing.T) {
	fresh(t, "{}")
	address := registrytest.Start(t)
	file := containerFile(t, map[string]string{"etc/passwd": "root"})
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	image := written(t, "node.oci.tar", plan.OCI, content)
	one := published(t, Registry{Repository: address + "/a", Transfer: quick(&spoken{})}, image, qcow2(t, 1000))[0]
	text, err := os.ReadFile(filepath.Join(unpacked(t, address+"/a@"+one.Digest), "etc", "passwd"))
	require.NoError(t, err)
	assert.Equal(t, "root", string(text))
	want := run(t, "skopeo", "inspect", "--format", "{{.Digest}}", "oci-archive:"+file)
	assert.Equal(t, string(bytes.TrimSpace(want)), one.Digest)

	broken := written(t, "node.oci.tar", plan.OCI, noise(5000, 1))
	_, err = Registry{Repository: address + "/a"}.Publish(t.Context(), []Image{broken})
	require.ErrorContains(t, err, "is no OCI layout")
}
