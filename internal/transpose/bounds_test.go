package transpose

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Documents that make much work of one another stay within what a set may take.
func TestBounds(t *testing.T) {
	const iso = "---\n{apiVersion: airshipit.org/v1alpha1, kind: IsoConfiguration, metadata: {name: a}, nodeProfileRef: {name: a}}\n"
	const secret = "---\n{apiVersion: v1, kind: Secret, metadata: {name: a}}\n"
	r := &tree.Report{}
	Documents(parse(t, "a.yaml", strings.Repeat(iso, 2000)+strings.Repeat(secret, 2000)), Environment{}, r)
	require.ErrorContains(t, r.Err(), "1000 mistakes")
	require.ErrorContains(t, r.Err(), "too many for one set of documents")

	r = &tree.Report{}
	loads := 0
	many := parse(t, "a.yaml", strings.Repeat("---\nbuilder: {osconfigVarsFileName: b}\n", 3000)+strings.Repeat("---\nsysctl: []\n", 3000))
	large := parse(t, "b", "files:\n"+strings.Repeat("- {name: /a, file_content: a}\n", 10000))
	out := Documents(many, Environment{Load: func(string, *tree.Report) []*tree.Node { loads++; return large }}, r)
	require.NoError(t, r.Err())
	assert.Len(t, out, 6000, "a profile and an image of each builder")
	assert.Equal(t, 1, loads)

	profile := strings.Repeat("---\n{apiVersion: airshipit.org/v1alpha1, kind: NodeProfile, metadata: {name: a}}\n---\n{apiVersion: airshipit.org/v1alpha1, kind: NodeProfile, metadata: {name: b}}\n", 1000)
	configuration := strings.Repeat("---\n{apiVersion: airshipit.org/v1alpha1, kind: ImageConfiguration, metadata: {name: c}}\n", 1000)
	r = &tree.Report{}
	Documents(parse(t, "a.yaml", profile+configuration), Environment{}, r)
	require.ErrorContains(t, r.Err(), "which profile is meant")

	pattern := "---\n{apiVersion: airshipit.org/v1alpha1, kind: IsoConfiguration, metadata: {name: a}, builder: {userDataSelector: {name: " +
		strings.Repeat("a", 5000) + ", labelSelector: " + strings.Repeat("b", 5000) + "}}}\n"
	r = &tree.Report{}
	Documents(parse(t, "a.yaml", pattern), Environment{}, r)
	require.ErrorContains(t, r.Err(), "is too long")
}
