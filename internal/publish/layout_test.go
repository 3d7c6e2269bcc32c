package publish

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
)

// golden compares JSON with a file, and writes the file under AIRSHIP_UPDATE_GOLDEN=1.
func golden(t *testing.T, path string, text []byte) {
	t.Helper()
	var shown bytes.Buffer
	require.NoError(t, json.Indent(&shown, text, "", "  "))
	shown.WriteByte('\n')
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(path, shown.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), shown.String())
}

// described is an image without a file.
func described(format, architecture string) *Image {
	return &Image{
		Name: "node." + format, Format: format, Profile: "node", Architecture: architecture, Size: 1000, VirtualSize: 5 << 30,
		SHA256: strings.Repeat("0a", 32), SHA512: strings.Repeat("0b", 64), Epoch: 1700000000,
	}
}

func entry(t *testing.T, i *Image) v1.Descriptor {
	t.Helper()
	m, err := manifestOf(i)
	require.NoError(t, err)
	return entryOf(i, m.Descriptor)
}

func TestLayout(t *testing.T) {
	image := described(plan.QCOW2, "amd64")
	m, err := manifestOf(image)
	require.NoError(t, err)
	golden(t, "testdata/manifest.json", m.text)
	again, err := manifestOf(image)
	require.NoError(t, err)
	assert.Equal(t, m.Digest, again.Digest)

	index, err := merged(v1.Index{}, []v1.Descriptor{
		entry(t, described(plan.RawZstd, "amd64")), entry(t, described(plan.QCOW2, "armhf")), entry(t, described(plan.QCOW2, "amd64")),
	})
	require.NoError(t, err)
	text, err := marshal(v1.MediaTypeImageIndex, index)
	require.NoError(t, err)
	golden(t, "testdata/index.json", text.text)

	a := &Attachment{Data: []byte("{}"), MediaType: sbom.MediaType, Title: "node.cdx.json"}
	r, err := referrerOf(a, v1.DescriptorEmptyJSON, m.Descriptor, image.Epoch)
	require.NoError(t, err)
	golden(t, "testdata/referrer.json", r.text)
}

// ironic chooses as its identify_specific_image does (image_service.py): by preference, the first that fits the host.
func ironic(index v1.Index, local bool, architecture string) (disktype, digest string) {
	priority := map[string]int{"qcow2": 3, "qemu": 4, "raw": 1, "applehv": 2}
	if local {
		priority = map[string]int{"qcow2": 1, "qemu": 2, "raw": 3, "applehv": 4}
	}
	of := func(d v1.Descriptor) int {
		if p, known := priority[d.Annotations["disktype"]]; known {
			return p
		}
		return 100
	}
	sorted := slices.Clone(index.Manifests)
	slices.SortStableFunc(sorted, func(a, b v1.Descriptor) int { return of(a) - of(b) })
	for _, m := range sorted {
		if m.Platform != nil && m.Platform.Architecture != architecture || of(m) == 100 {
			continue
		}
		return m.Annotations["disktype"], m.Digest.String()
	}
	return "", ""
}

func TestIronicChooses(t *testing.T) {
	var entries []v1.Descriptor
	for _, format := range slices.Backward(formats) {
		for _, architecture := range []string{"arm64", "amd64"} {
			entries = append(entries, entry(t, described(format, architecture)))
		}
	}
	index, err := merged(v1.Index{}, entries)
	require.NoError(t, err)
	require.Len(t, index.Manifests, len(entries))
	for _, architecture := range []string{"amd64", "arm64"} {
		kind, digest := ironic(index, true, architecture)
		assert.Equal(t, "qcow2", kind)
		assert.Equal(t, entry(t, described(plan.QCOW2, architecture)).Digest.String(), digest)
		// Streamed by the agent, it must not be what only the conductor can decompress.
		kind, digest = ironic(index, false, architecture)
		assert.Equal(t, "raw", kind)
		assert.Equal(t, entry(t, described(plan.Raw, architecture)).Digest.String(), digest)
	}
}

func TestMerge(t *testing.T) {
	amd, arm, raw := entry(t, described(plan.QCOW2, "amd64")), entry(t, described(plan.QCOW2, "arm64")), entry(t, described(plan.Raw, "amd64"))
	foreign := v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: "sha256:" + amd.Digest[8:], Size: 5}
	merge := func(index v1.Index, entries ...v1.Descriptor) v1.Index {
		t.Helper()
		merged, err := merged(index, entries)
		require.NoError(t, err)
		return merged
	}
	start := v1.Index{Manifests: []v1.Descriptor{foreign}, Annotations: map[string]string{"a": "b"}}
	one := merge(merge(merge(start, amd), arm), raw)
	assert.Equal(t, one, merge(start, raw, amd, arm), "the order shows")
	assert.Equal(t, one, merge(one, arm), "the same again is something else")
	assert.Equal(t, []v1.Descriptor{amd, raw, arm, foreign}, one.Manifests)
	assert.Equal(t, start.Annotations, one.Annotations)

	changed := described(plan.QCOW2, "arm64")
	changed.SHA256 = strings.Repeat("0c", 32)
	assert.Equal(t, []v1.Descriptor{amd, raw, entry(t, changed), foreign}, merge(one, entry(t, changed)).Manifests)

	other := described(plan.Raw, "arm64")
	other.Profile = "controller"
	_, err := merged(one, []v1.Descriptor{entry(t, other)})
	require.ErrorContains(t, err, "images of one profile, and there would be those of node and controller")
	_, err = merged(one, []v1.Descriptor{amd, amd})
	require.ErrorContains(t, err, "two images are qcow2 for amd64")
	// What a registry says may lack anything.
	bare := v1.Descriptor{Annotations: map[string]string{formatAnnotation: "qcow2", profileAnnotation: "node"}}
	assert.Len(t, merge(v1.Index{Manifests: []v1.Descriptor{bare}}, amd).Manifests, 2)
}

func TestReceived(t *testing.T) {
	for header, want := range map[string]int64{"0-1023": 1024, "bytes=0-9": 10, "bytes 0-9": 10, "0-1": 2} {
		got, known := received(header)
		assert.True(t, known, header)
		assert.Equal(t, want, got, header)
	}
	for _, header := range []string{"", "0-0", "5-9", "0-", "0--1", "0-99999999999999999999", "-", "x"} {
		_, known := received(header)
		assert.False(t, known, header)
	}
}

func FuzzReceived(f *testing.F) {
	f.Add("0-1023")
	f.Add("bytes=0-9")
	f.Fuzz(func(t *testing.T, header string) {
		if got, known := received(header); known && got < 2 {
			t.Errorf("%q: %d", header, got)
		}
	})
}
