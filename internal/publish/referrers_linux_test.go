package publish

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/provenance"
	"github.com/airshipit/packer-plugin-airship/internal/registry/registrytest"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
)

// What is attached to an image is found by its manifest, at registries that list referrers and at those that don't.
func TestAttachments(t *testing.T) {
	fresh(t, "{}")
	for name, address := range map[string]string{"by the API": serve(t, specified()), "by a tag": registrytest.Start(t)} {
		t.Run(name, func(t *testing.T) {
			image, raw := qcow2(t, 100_000), written(t, "node.raw", plan.Raw, noise(1000, 1))
			file := filepath.Join(t.TempDir(), "report")
			require.NoError(t, os.WriteFile(file, []byte("<html>"), 0o600))
			image.Attachments = []Attachment{
				{Data: []byte(`{"bomFormat":"CycloneDX"}`), MediaType: sbom.MediaType, Title: "node.qcow2.cdx.json"},
				{Data: []byte(`{"_type":"x"}`), MediaType: "application/json", ArtifactType: provenance.MediaType, Title: "node.qcow2.provenance.json"},
				{File: file, MediaType: "text/html", Title: "node.qcow2.html"},
			}
			raw.Attachments = image.Attachments[:1]
			to := Registry{Repository: address + "/a", Transfer: quick(&spoken{})}
			all := published(t, to, image, raw)
			again := published(t, to, image, raw)
			assert.Equal(t, all, again)
			require.Len(t, all[0].Attachments, 3)

			repo, err := remote.NewRepository(address + "/a")
			require.NoError(t, err)
			repo.PlainHTTP = true
			found := func(digest, kind string) (all []v1.Descriptor) {
				subject, err := repo.Resolve(t.Context(), digest)
				require.NoError(t, err)
				require.NoError(t, repo.Referrers(t.Context(), subject, kind, func(some []v1.Descriptor) error { all = append(all, some...); return nil }))
				return all
			}
			require.Len(t, found(all[0].Digest, ""), 3)
			require.Len(t, found(all[1].Digest, ""), 1)
			for i, kind := range []string{sbom.MediaType, provenance.MediaType, "text/html"} {
				one := found(all[0].Digest, kind)
				require.Len(t, one, 1, kind)
				assert.Equal(t, all[0].Attachments[i], one[0].Digest.String())
				text, err := content.FetchAll(t.Context(), repo, one[0])
				require.NoError(t, err)
				var manifest v1.Manifest
				require.NoError(t, json.Unmarshal(text, &manifest))
				assert.Equal(t, all[0].Digest, manifest.Subject.Digest.String())
				from, err := repo.Blobs().Fetch(t.Context(), manifest.Layers[0])
				require.NoError(t, err)
				data, err := io.ReadAll(from)
				require.NoError(t, err)
				require.NoError(t, from.Close())
				want, err := image.Attachments[i].content()
				require.NoError(t, err)
				assert.Equal(t, string(want), string(data))
			}
		})
	}
}

// A list of referrers that was cut off before it was written is mended by the next try.
func TestAttachmentsCut(t *testing.T) {
	fresh(t, "{}")
	registry := registrytest.Start(t)
	var cut atomic.Bool
	cut.Store(true)
	address := serve(t, &answering{before(registry), func(_ http.ResponseWriter, r *http.Request) bool {
		if cut.Load() && r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256-") {
			panic(http.ErrAbortHandler)
		}
		return false
	}})
	image := qcow2(t, 1000)
	image.Attachments = []Attachment{{Data: []byte("{}"), MediaType: sbom.MediaType, Title: "node.cdx.json"}}
	to := Registry{Repository: address + "/a", Transfer: quick(&spoken{})}
	_, err := to.Publish(t.Context(), []Image{image})
	require.ErrorContains(t, err, "attachment node.cdx.json: registry "+address+" ")
	assert.NotContains(t, tagsOf(t, address, "a"), "latest")
	cut.Store(false)
	one := published(t, to, image)[0]
	assert.Contains(t, tagsOf(t, address, "a"), strings.Replace(one.Digest, ":", "-", 1))
}
