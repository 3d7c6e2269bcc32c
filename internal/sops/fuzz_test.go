package sops

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

const sealed = "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]"

const whole = "a: " + sealed + "\nl:\n    - ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:comment]\n    - b: " + sealed + "\n      c: d\n    - []\n" +
	"sops:\n    age:\n        - enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            -----END AGE ENCRYPTED FILE-----\n          recipient: age1x\n" +
	"    lastmodified: \"2024-01-01T00:00:00Z\"\n    mac: " + sealed + "\n    unencrypted_suffix: _unencrypted\n    version: 3.13.3\n"

func seeds(f *testing.F) {
	_, err := Seal("whole.yaml", []byte(whole))
	require.NoError(f, err)
	for _, text := range []string{
		whole, whole + "---\n" + whole, strings.ReplaceAll(whole, "c: d", `{"\x1b": "\U0001F600", "a\tb": ' '}`),
		"a: [\n" + whole, "--- \n---\n" + whole, "a: &a [*a]\n" + whole, "sops: {mac: " + sealed + "}\n", `{"sops": {"mac": 1}}`, "- " + sealed, "%YAML 1.1\n---\n" + whole,
	} {
		f.Add(text)
	}
}

// Whatever the text is, asking ends; what is read as encrypted was said to be.
func FuzzEncrypted(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		encrypted := Encrypted([]byte(text))
		if _, err := read("fuzz.yaml", []byte(text)); err == nil {
			require.True(t, encrypted)
		}
	})
}

// Each value of the sealed text has the place of the same value in the encrypted one, and is secret where it is encrypted.
func FuzzOrigin(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Seal("fuzz.yaml", []byte(text))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		before, err := parse([]byte(text))
		require.NoError(t, err)
		after, err := parse(file.Text)
		require.NoError(t, err)
		require.Len(t, after, len(before))
		at := map[[3]int]*yaml.Node{}
		for i, root := range before {
			index(i, root, at)
		}
		for i, root := range after {
			require.Nil(t, field(root, metadataKey))
			check(t, file, i, root, nil, at)
		}
		report := &tree.Report{}
		if documents := tree.Parse("sealed.yaml", file.Text, report); report.Err() == nil {
			for i, root := range documents {
				file.Mark(i, root)
			}
		}
		for _, path := range [][]string{{"a"}, {"l", "0"}, {"l", "0", "b"}, {"sops"}, {""}, {"l", "99999999999999999999"}} {
			_, _, ok := file.Origin(0, path)
			require.False(t, !ok && file.Secret(0, path))
		}
	})
}

// index finds nodes by document, line and column.
func index(document int, node *yaml.Node, at map[[3]int]*yaml.Node) {
	if node == nil {
		return
	}
	for _, inner := range node.Content {
		index(document, inner, at)
	}
	if node.Kind == yaml.ScalarNode {
		at[[3]int{document, node.Line, node.Column}] = node
	}
}

func check(t *testing.T, file *File, document int, node *yaml.Node, path []string, at map[[3]int]*yaml.Node) {
	line, column, ok := file.Origin(document, path)
	require.True(t, ok, path)
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			check(t, file, document, node.Content[i+1], append(path[:len(path):len(path)], node.Content[i].Value), at)
		}
	case yaml.SequenceNode:
		for i, inner := range node.Content {
			check(t, file, document, inner, append(path[:len(path):len(path)], strconv.Itoa(i)), at)
		}
	case yaml.ScalarNode:
		origin := at[[3]int{document, line, column}]
		require.NotNil(t, origin, path)
		require.Equal(t, origin.Value, node.Value)
		require.Equal(t, isSealed(node), file.Secret(document, path))
	}
}
