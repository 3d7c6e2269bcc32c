package document

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chain is n profiles of which each builds on the one before.
func chain(n int) string {
	var text strings.Builder
	text.WriteString(profileText("p0", "{software: {packages: [p0]}}"))
	for i := 1; i < n; i++ {
		text.WriteString(profileText(fmt.Sprint("p", i), fmt.Sprintf("{extends: [p%d], software: {packages_append: [p%d]}}", i-1, i)))
	}
	return text.String()
}

func TestChains(t *testing.T) {
	p := choose(t, chain(maxLine), Selection{})
	assert.Equal(t, fmt.Sprint("p", maxLine-1), p.NodeProfile.Name)
	assert.Len(t, p.NodeProfile.Spec.Software.Packages, maxLine)

	got := refused(t, chain(1000), Selection{})
	assert.Contains(t, got, "spec.extends: builds on more than 200 other profiles")
	assert.Less(t, strings.Count(got, "\n"), 10, got)

	// Every profile builds on all before it.
	var text strings.Builder
	for i := range 150 {
		var below []string
		for j := range i {
			below = append(below, fmt.Sprint("p", j))
		}
		text.WriteString(profileText(fmt.Sprint("p", i), fmt.Sprintf("{extends: [%s], software: {packages_append: [p%d]}}", strings.Join(below, ", "), i)))
	}
	assert.Len(t, choose(t, text.String(), Selection{}).NodeProfile.Spec.Software.Packages, 150)

	// All of them build on one another.
	text.Reset()
	for i := range 150 {
		text.WriteString(profileText(fmt.Sprint("p", i), fmt.Sprintf("{extends: [p%d, p%d]}", (i+1)%150, (i+7)%150)))
	}
	assert.Contains(t, refused(t, text.String(), Selection{}), "extends itself")
}

// A site of thousands of documents is read; more than that is refused before memory is short.
func TestManyDocuments(t *testing.T) {
	texts := map[string]string{}
	for i := range 10 {
		var text strings.Builder
		for j := range 1000 {
			text.WriteString(profileText(fmt.Sprintf("p%d-%d", i, j), "{platform: vm, software: {packages: [vim, curl]}}"))
		}
		texts[fmt.Sprintf("%d.yaml", i)] = text.String()
	}
	dir := files(t, texts)
	set, err := Source{Documents: []string{dir}}.Read(t.Context())
	require.NoError(t, err)
	profile, err := selected(set, "p9-999")
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "9.yaml")}, profile.Files)
	_, err = set.Select(Selection{})
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1000)
	_, err = set.Select(Selection{Name: "p9-9999"})
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1000)

	// The same many mistakes end in one message.
	for name, text := range texts {
		texts[name] = strings.ReplaceAll(text, "platform: vm", "platform: vn")
	}
	_, err = Source{Documents: []string{files(t, texts)}}.Read(t.Context())
	require.Error(t, err)
	assert.True(t, strings.HasSuffix(err.Error(), "and 9950 more"))

	list := strings.Repeat("- a\n", 90_000)
	texts = map[string]string{}
	for i := range 25 {
		texts[fmt.Sprintf("%d.yaml", i)] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n" + list
	}
	_, err = Source{Documents: []string{files(t, texts)}}.Read(t.Context())
	assert.EqualError(t, err, "the documents are too large together; name fewer of them")
}

// Images and profiles that multiply one another end in a message.
func TestManyVariants(t *testing.T) {
	var text strings.Builder
	text.WriteString(profileText("node", "\n  software:\n    packages:\n"+strings.Repeat("    - vim\n", 40_000)))
	for i := range 100 {
		text.WriteString(imageText(fmt.Sprint("i", i), "{nodeProfileRef: {name: node}}"))
	}
	got := refused(t, text.String(), Selection{})
	assert.Contains(t, got, "the documents are too large together once profiles are laid on what they extend")
}
