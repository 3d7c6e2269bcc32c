package sops_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

func TestSet(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	encrypted := key.Encrypt(t, "kind: A\nspec:\n  list:\n    - url: old\n      sum: x\n  kept: 1 # why\n", "--encrypted-regex", "^spec$")

	changed, err := sops.Tool{}.Set(t.Context(), "site.yaml", encrypted, []sops.Change{
		{Path: []any{"spec", "list", 0, "url"}, Value: "new"},
		{Path: []any{"spec", "list", 0, "sum"}, Remove: true},
		{Path: []any{"spec", "added"}, Value: "1"},
	})
	require.NoError(t, err)
	opened, err := sops.Decrypt(t.Context(), "site.yaml", changed)
	require.NoError(t, err, "its message authentication code holds")
	assert.YAMLEq(t, "{kind: A, spec: {list: [{url: new}], kept: 1, added: \"1\"}}", string(opened.Text))
	assert.True(t, opened.Secret(0, []string{"spec", "added"}), "what is new is encrypted as its neighbours are")

	other := sopstest.NewKey(t).Encrypt(t, "spec: {a: b}\n")
	_, err = sops.Tool{}.Set(t.Context(), "other.yaml", other, []sops.Change{{Path: []any{"spec", "a"}, Value: "c"}})
	require.ErrorContains(t, err, "other.yaml: ")
	require.ErrorContains(t, err, "no key for it was found")

	_, err = sops.Tool{Path: "/nowhere/sops"}.Set(t.Context(), "site.yaml", encrypted, nil)
	require.ErrorContains(t, err, "the program /nowhere/sops cannot be run")
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	assert.Empty(t, left)
}
