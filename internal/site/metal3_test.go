package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// schemas are those of a CRD's versions, closed as an API server with strict validation closes them.
func schemas(t *testing.T, file string) map[string]*jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "crds", file))
	require.NoError(t, err)
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &crd))
	all := map[string]*jsonschema.Schema{}
	for _, version := range crd.Spec.Versions {
		closed(version.Schema.OpenAPIV3Schema)
		text, err := json.Marshal(version.Schema.OpenAPIV3Schema)
		require.NoError(t, err)
		plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource(version.Name, plain))
		schema, err := compiler.Compile(version.Name)
		require.NoError(t, err)
		all[version.Name] = schema
	}
	return all
}

// closed refuses fields that an object's schema does not name.
func closed(schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	if _, open := schema["additionalProperties"]; properties != nil && !open {
		schema["additionalProperties"] = false
	}
	for _, property := range properties {
		closed(property.(map[string]any))
	}
	if items, ok := schema["items"].(map[string]any); ok {
		closed(items)
	}
}

func valid(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return schema.Validate(value)
}

// forms are images as they can be published.
func forms() []Image {
	var all []Image
	for _, format := range []string{"qcow2", "raw", "vmdk", "iso"} {
		for _, url := range []string{"http://images/x", "oci://registry/x:1", "oci://registry/x@sha256:" + digits("4", 64)} {
			if format == "iso" && strings.HasSuffix(url, ":1") {
				continue
			}
			image := controlPlane()
			image.Format, image.URL = format, url
			all = append(all, image)
		}
	}
	return all
}

const hostBefore = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata:
  name: node01
spec:
  online: true
  bootMACAddress: 52:54:00:b6:ed:31
  bmc: {address: "ipmi://192.168.1.13", credentialsName: node01-bmc}
`

// Hosts and machine templates are valid whatever the image is and whatever stood there. tools/metal3 decodes the same hosts
// with metal3's own types.
func TestMetal3(t *testing.T) {
	host := schemas(t, "metal3.io_baremetalhosts.yaml")["v1alpha1"]
	require.Error(t, valid(t, host, hostBefore+"  image: {url: x, checksumtype: md5}\n"), "the schema is closed")
	require.Error(t, valid(t, host, hostBefore+"  image: {url: x, format: iso}\n"))
	template := schemas(t, "metal3machinetemplates.yaml")
	var hosts, templates strings.Builder
	for _, image := range forms() {
		for _, before := range []string{
			"", "  image:\n", "  image: {url: 'http://old', checksum: old, checksumType: md5, format: raw}\n",
			"  image:\n    format: live-iso\n    url: http://old\n", "  image:\n    url: http://old\n    checksumType: auto\n    checksum: x\n",
			"  image: {url: \"oci://old\", ociAuthSecretName: pull}\n",
		} {
			text := pointed(t, hostBefore+before, image, "BareMetalHost")
			require.NoError(t, valid(t, host, text), text)
			if strings.HasPrefix(image.URL, "oci:") || image.Format == "iso" {
				assert.NotContains(t, text, "checksum")
			} else {
				assert.Contains(t, text, image.SHA256)
			}
			hosts.WriteString("---\n" + text)
		}
		for _, version := range []string{"v1alpha5", "v1beta1", "v1beta2"} {
			oci := strings.HasPrefix(image.URL, "oci:")
			if oci && version != "v1beta2" {
				continue // v1beta1 takes no checksum beside oci://, and its schema's newest form is v1beta2's
			}
			before := fmt.Sprintf("apiVersion: infrastructure.cluster.x-k8s.io/%s\nkind: Metal3MachineTemplate\nmetadata: {name: node01}\n"+
				"spec:\n  template:\n    spec:\n      image:\n        url: x\n        checksum: y\n", version)
			text := pointed(t, before, image, "Metal3MachineTemplate")
			require.NoError(t, valid(t, template[version], text), text)
			templates.WriteString("---\n" + text)
		}
	}
	golden(t, "metal3/hosts.yaml", hosts.String())
	golden(t, "metal3/templates.yaml", templates.String())
}

// pointed is the text of a document named node01 that points at an image.
func pointed(t *testing.T, text string, image Image, kind string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{image}, Request{Targets: []Target{{Kind: kind, Name: "node01"}}}, Output{})
	require.NoError(t, err)
	require.Len(t, changes.Files, 1)
	return string(changes.Files[0].After)
}

// What an AirshipImage gets is what its own schema takes.
func TestAirshipImages(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/schema/airshipit.org_v1alpha1.json")
	require.NoError(t, err)
	changes, err := read(t, Source{Documents: []string{"testdata/site"}}).Point(t.Context(), []Image{controlPlane(), worker(), ephemeral()},
		Request{Status: true}, Output{Directory: t.TempDir()})
	require.NoError(t, err)
	count := 0
	for _, change := range changes.Files {
		for document := range strings.SplitSeq(string(change.After), "---\n") {
			require.NoError(t, valid(t, schema, document), document)
			count++
		}
	}
	assert.Equal(t, 3, count)
}
