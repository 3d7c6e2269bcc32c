package transpose

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// A builder's params lie over the document's as layers of a profile do.
func TestParamsOfBuilder(t *testing.T) {
	for params, want := range map[string]map[string]any{
		"packages_append: [ipset]": {"packages_append": []any{"vim", "ipset"}},
		"packages: [ipset]":        {"packages": []any{"ipset"}},
	} {
		r := &tree.Report{}
		documents := tree.Parse("a.yaml", []byte(`apiVersion: airshipit.org/v1alpha1
kind: ImageConfiguration
metadata: {name: image}
nodeProfileRef: {name: airship-default}
params: {software: {packages_append: [vim]}}
qcowbuilder: {params: {software: {`+params+`}}}
`), r)
		out := Documents(documents, Environment{}, r)
		require.NoError(t, r.Err())
		require.Len(t, out, 1)
		software, err := out[0].Get("spec", "params", "software").Decode()
		require.NoError(t, err)
		assert.Equal(t, want, software, params)
	}
}

// What is missing from a set of which something could not be read is no mistake of its own.
func TestPartial(t *testing.T) {
	for _, text := range []string{
		"kind: IsoConfiguration\nmetadata: {name: iso}\n",
		"kind: IsoConfiguration\nmetadata: {name: iso}\nbuilder: {networkConfigSelector: {name: host}}\n",
	} {
		r := &tree.Report{}
		documents := tree.Parse("a.yaml", []byte("apiVersion: airshipit.org/v1alpha1\n"+text), r)
		Documents(documents, Environment{Partial: true}, r)
		require.NoError(t, r.Err())
		Documents(documents, Environment{}, r)
		require.Error(t, r.Err())
	}
}
