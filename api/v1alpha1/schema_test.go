package v1alpha1_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The schema that editors read takes every document of the examples and the built-in profile, and finds
// what an editor should underline.
func TestJSONSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/schema/airshipit.org_v1alpha1.json")
	require.NoError(t, err)

	seen := 0
	for _, pattern := range []string{"../../example/*/*.yaml", "../../example/*/*/*.yaml", "../../internal/variables/builtin/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, document := range documents(t, text) {
				if _, kind := document.(map[string]any)["apiVersion"]; kind {
					seen++
					delete(document.(map[string]any), "sops")
					assert.NoError(t, schema.Validate(document), file)
				}
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 8, "documents")

	const head = "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: n}\nspec: "
	for spec, want := range map[string]string{
		"{platform: moon}":                               "/spec/platform",
		"{sofware: {}}":                                  "sofware",
		"{software: {packages: openssh-server}}":         "/spec/software/packages",
		"{osKernel: {grub: {GRUB_TIMEOUT: soon}}}":       "GRUB_TIMEOUT",
		"{users: {user_management: [{shell: /bin/sh}]}}": "name",
	} {
		err := schema.Validate(documents(t, []byte(head+spec))[0])
		assert.ErrorContains(t, err, want, spec)
	}
	for _, spec := range []string{`{software: {packages: "{{ ubuntu_packages }}"}}`, "{osKernel: {sysctl: [{name: a.b, value: true}]}}", "{extraVars: {any: [{thing: 1}]}}"} {
		assert.NoError(t, schema.Validate(documents(t, []byte(head+spec))[0]), spec)
	}
}

// documents are those of a YAML text as JSON has them.
func documents(t *testing.T, text []byte) (all []any) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		data, err := json.Marshal(document)
		require.NoError(t, err)
		plain, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
		require.NoError(t, err)
		all = append(all, plain)
	}
}
