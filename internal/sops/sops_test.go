package sops_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

const clearText = `# hunter2 is in a comment
kind: NodeProfile
metadata:
    name: node
spec:
    users:
        # hunter2 above an element
        - name: root # hunter2 beside one
          password: hunter2-$6$crypt
        - name: admin
          password: null
          groups: [hunter2-wheel, ""]
    timeout: 30
    ratio: 0.5
    locked: true
    since: 2024-05-06
    script: |
        #!/bin/sh
        echo hunter2
---
# hunter2 alone
---
kind: Secret
data_unencrypted: open
data: hunter2
`

// What sops does to a text comes undone, and each value knows where it stands in the encrypted text.
func TestDecrypt(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	for name, options := range map[string][]string{
		"all":      nil,
		"regex":    {"--encrypted-regex", "^(password|groups|script|data)$"},
		"suffix":   {"--encrypted-suffix", "word"},
		"mac-only": {"--encrypted-regex", "^(password|data)$"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "mac-only" {
				config := filepath.Join(t.TempDir(), ".sops.yaml")
				require.NoError(t, os.WriteFile(config, []byte("creation_rules: [{mac_only_encrypted: true}]\n"), 0o600))
				t.Setenv("SOPS_CONFIG", config)
			}
			encrypted := key.Encrypt(t, clearText, options...)
			assert.Equal(t, name == "mac-only", strings.Contains(string(encrypted), "mac_only_encrypted: true"))
			assert.True(t, sops.Encrypted(encrypted))
			file, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
			require.NoError(t, err)
			assert.False(t, sops.Encrypted(file.Text))
			got := trees(t, file.Text)
			// A timestamp comes back with its time.
			want := trees(t, []byte(strings.ReplaceAll(strings.ReplaceAll(clearText, "2024-05-06", "2024-05-06T00:00:00Z"), "---\n# hunter2 alone\n", "---\n{}\n")))
			if name != "all" { // in clear, it stays as it is written
				want[0] = want[0].Put(got[0].Get("spec", "since"), "spec", "since")
			}
			assert.Equal(t, plain(t, want), plain(t, got))
			assertPlaces(t, encrypted, file, got)
		})
	}
}

// Each scalar's origin is the line that has it in the encrypted text, and it is secret where that line is encrypted.
func assertPlaces(t *testing.T, encrypted []byte, file *sops.File, documents []*tree.Node) {
	t.Helper()
	lines := strings.Split(string(encrypted), "\n")
	for i, root := range documents {
		var walk func(node *tree.Node, path []string)
		walk = func(node *tree.Node, path []string) {
			line, column, ok := file.Origin(i, path)
			require.True(t, ok, path)
			if node.IsScalar() {
				at := lines[line-1][column-1:]
				sealed := strings.HasPrefix(at, "ENC[")
				assert.Equal(t, sealed, file.Secret(i, path), path)
				if last := path[len(path)-1]; last != "0" && last != "1" {
					assert.Contains(t, lines[line-1], last)
				}
				if !sealed && node.Tag == "!!str" && node.Style == 0 {
					assert.True(t, strings.HasPrefix(at, node.Value), path)
				}
			}
			n := 0
			node.Fields(func(key, value *tree.Node) { walk(value, append(path[:len(path):len(path)], key.Value)) })
			for ; node.IsList() && n < len(node.Content); n++ {
				walk(node.Content[n], append(path[:len(path):len(path)], string(rune('0'+n))))
			}
		}
		walk(root, nil)
		marked := file.Mark(i, root)
		assert.Equal(t, plain(t, []*tree.Node{root}), plain(t, []*tree.Node{marked}))
		marked.Walk(func(node *tree.Node) {
			if node.Secret {
				assert.Contains(t, lines[node.Place.Line-1][node.Place.Column-1:], "ENC[")
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	encrypted := key.Encrypt(t, clearText, "--encrypted-regex", "^(password|data)$")
	file, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
	require.NoError(t, err)
	for path, secret := range map[string]bool{
		"spec users 0 password": true, "spec users 1 password": false, "spec users 0 name": false,
		"spec users": true, "spec timeout": false, "": true,
	} {
		assert.Equal(t, secret, file.Secret(0, strings.Fields(path)), path)
	}
	for _, path := range []string{"sops", "spec nothing", "spec users 2", "spec users -1", "spec users 00", "spec users x", "spec timeout 0"} {
		_, _, ok := file.Origin(0, strings.Fields(path))
		assert.False(t, ok, path)
		assert.False(t, file.Secret(0, strings.Fields(path)), path)
	}
	_, _, ok := file.Origin(3, nil)
	assert.False(t, ok)
	_, _, ok = file.Origin(-1, nil)
	assert.False(t, ok)
}

// Comments in lists are elements of the encrypted text; they are not of the sealed one, so indices agree.
func TestSeal(t *testing.T) {
	key := sopstest.NewKey(t)
	encrypted := key.Encrypt(t, clearText)
	file, err := sops.Seal("site.yaml", encrypted)
	require.NoError(t, err)
	assert.True(t, file.Sealed)
	assert.NotContains(t, string(file.Text), "sops:")
	assert.NotContains(t, string(file.Text), "type:comment")
	documents := trees(t, file.Text)
	require.Len(t, documents, 3)
	assert.Len(t, documents[0].Get("spec", "users").Content, 2)
	assertPlaces(t, encrypted, file, documents)
	assert.True(t, strings.HasPrefix(documents[2].Get("data").Value, "ENC["))
	assert.Equal(t, "open", documents[2].Get("data_unencrypted").Value)
	assert.True(t, file.Secret(2, []string{"data"}))
}

// Nothing but the program's pipes ever holds the clear text.
func TestNoFiles(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	encrypted := key.Encrypt(t, clearText)
	directory := t.TempDir()
	t.Setenv("TMPDIR", directory)
	t.Chdir(directory)
	_, err := sops.Decrypt(t.Context(), "site.yaml", encrypted)
	require.NoError(t, err)
	left, err := os.ReadDir(directory)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestEncrypted(t *testing.T) {
	for text, want := range map[string]bool{
		"":                         false,
		"a: b\n":                   false,
		"sops: {version: 3.9.0}\n": false,
		"a: {sops: {mac: x}}\n":    false,
		"a: |\n  sops:\n    mac: ENC[AES256_GCM,data:x]\n": false,
		"a: the form is ENC[AES256_GCM,data:x]\n":          false,
		"a: ENC[AES256_GCM,data:x,type:str]\n":             true,
		"a: b\nsops:\n  mac: x\n":                          true,
		"a: b\n---\nc: d\n---\nsops: {lastmodified: x}\n":  true,
		`{"a": "b", "sops": {"mac": "x"}}`:                 true,
		"a: [\nsops:\n  mac: ENC[AES256_GCM,data:x]\n":     true,
		"a: [\nsops: b\n":                                  false,
	} {
		assert.Equal(t, want, sops.Encrypted([]byte(text)), text)
	}
}

func trees(t *testing.T, text []byte) []*tree.Node {
	t.Helper()
	report := &tree.Report{}
	documents := tree.Parse("clear.yaml", text, report)
	require.NoError(t, report.Err(), string(text))
	return documents
}

func plain(t *testing.T, documents []*tree.Node) []any {
	t.Helper()
	var all []any
	for _, document := range documents {
		value, err := document.Decode()
		require.NoError(t, err)
		all = append(all, value)
	}
	return all
}
