//go:build acceptance

package acceptance

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/registry/registrytest"
)

// newPublish copies the example whose image is published.
func newPublish(t *testing.T) run {
	t.Helper()
	r := newRun(t, sharedCache(t))
	r.dir, r.name = t.TempDir(), "control-plane"
	tool(t, "cp", "-r", "../example/publish/.", r.dir)
	return r
}

// imageOf is spec.image of a host in the site's file.
func (r run) imageOf(t *testing.T, host string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "site", "hosts.yaml"))
	require.NoError(t, err)
	for _, document := range strings.Split(string(text), "\n---\n") {
		var h struct {
			Metadata struct{ Name string }
			Spec     struct{ Image map[string]string }
		}
		require.NoError(t, yaml.Unmarshal([]byte(document), &h))
		if h.Metadata.Name == host {
			return h.Spec.Image
		}
	}
	require.Fail(t, "no host "+host)
	return nil
}

// pull fetches what a BareMetalHost names with a program that is not ours, and gives the image file.
func pull(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	tool(t, "skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", "docker://"+strings.TrimPrefix(url, "oci://"), "dir:"+dir)
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	require.NoError(t, err)
	var m struct {
		Layers []struct{ Digest, MediaType string }
	}
	require.NoError(t, json.Unmarshal(text, &m))
	require.Len(t, m.Layers, 1)
	_, digest, _ := strings.Cut(m.Layers[0].Digest, ":")
	return filepath.Join(dir, digest)
}

// TestPublish stores an image in a registry and points a site at it; what a host names then is the image.
func TestPublish(t *testing.T) {
	address := registrytest.Start(t)
	r := newPublish(t)
	before := tool(t, "cat", filepath.Join(r.dir, "site", "hosts.yaml"))
	variables := []string{"-var", "isolation=namespace", "-var", "verify_boot=false", "-var", "registry=" + address + "/site/control-plane"}
	said := r.build(t, variables...)
	t.Log(said)

	image := r.imageOf(t, "node01")
	assert.Regexp(t, `^oci://`+address+`/site/control-plane@sha256:[0-9a-f]{64}$`, image["url"])
	assert.Empty(t, r.imageOf(t, "node02"), "a host that no image selects")
	pulled := pull(t, image["url"])
	assert.Equal(t, r.manifest(t).Images[0].SHA256, sumOf(t, pulled))
	if bootsToo == "true" {
		assert.Contains(t, bootAndReadEtc(t, imageNode(t, pulled, 1))[0].state, "running")
	}

	after := tool(t, "cat", filepath.Join(r.dir, "site", "hosts.yaml"))
	assert.Contains(t, after, "# of the provisioning network", "a comment is gone")
	assert.Equal(t, strings.Split(before, "\n---\n")[1], strings.Split(after, "\n---\n")[1])
	catalogue := tool(t, "cat", filepath.Join(r.dir, "site", "versions.yaml"))
	assert.Contains(t, catalogue, image["url"])
	assert.Contains(t, catalogue, "other: kept")
	node := tool(t, "cat", filepath.Join(r.dir, "documents", "node.yaml"))
	assert.Contains(t, node, "  url: "+image["url"], "the AirshipImage has no status")

	t.Run("again", func(t *testing.T) {
		said := r.build(t, append(variables, "-force")...)
		assert.Contains(t, said, "they name it already")
	})
	t.Run("another image of the tag", func(t *testing.T) {
		r.editFile(t, "documents/node.yaml", "control01", "control02")
		said := r.fails(t, "build", append(variables, "-force")...)
		assert.Contains(t, said, "overwrite")
		assert.Contains(t, said, "the image itself is kept: ")
		assert.Equal(t, "control02\n", tool(t, "debugfs", "-R", "cat /etc/hostname", rawRoot(t, r.built(t)[0])), "the image that was not stored is lost")
		assert.Equal(t, image, r.imageOf(t, "node01"), "a document names what is not there")
	})
	t.Run("a registry that is down", func(t *testing.T) {
		said := r.fails(t, "build", append(variables, "-force", "-var", "registry=127.0.0.1:9/site/control-plane")...)
		assert.Contains(t, said, "127.0.0.1:9")
		assert.Equal(t, image, r.imageOf(t, "node01"))
	})
	t.Run("what is kept, without another build", func(t *testing.T) {
		again := r
		again.dir = filepath.Join(r.dir, "again")
		registry := []string{"-var", "registry=" + address + "/site/control-plane"}
		outside := again.command("validate", registry...)
		outside.Dir, outside.Args = r.dir, append(outside.Args[:len(outside.Args)-1], "again")
		output, err := outside.CombinedOutput()
		require.NoError(t, err, "from another directory: %s", output)
		assert.Contains(t, again.fails(t, "build", registry...), "overwrite")
		again.build(t, append(registry, "-var", "tag=v2")...)
		named := r.imageOf(t, "node01")
		assert.NotEqual(t, image["url"], named["url"])
		assert.Equal(t, r.manifest(t).Images[0].SHA256, sumOf(t, pull(t, named["url"])))
	})
	t.Run("a mistake in the documents", func(t *testing.T) {
		r.editFile(t, "documents/node.yaml", "versions-airshipctl", "versions-airshipclt")
		assert.Regexp(t, `did\s+you\s+mean\s+versions-airshipctl\?`, r.fails(t, "build", variables...))
	})
}

func sumOf(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(data))
}
