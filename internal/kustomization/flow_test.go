package kustomization

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

const (
	target = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node, annotations: {a.b/c: x}}
spec:
  suite: bookworm
  plain: x
  url: a/x/c
  copy: x
  config: '{"password": "x", "user": "me"}'
  files: [{name: /etc/pw, content: x}, {name: /etc/host, content: y}]
  more: [{content: x}, {content: x}]
`
	secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pw: opensesame, login: 'user:hunter22', short: ab}\n"
	sealed = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {pw: opensesame, login: 'user:hunter22', open: visible}\n"
)

// secrets are the paths of the values that are marked.
func secrets(root *tree.Node) []string {
	found := []string{}
	root.Walk(func(n *tree.Node) {
		if n.Secret {
			found = append(found, n.Place.Field)
		}
	})
	return found
}

// What a replacement of kustomize's own copies out of a Secret stays secret, however it names the field.
func TestReplacementsOfSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		replacements string
		want         []string
	}{
		"plain":           {"- {source: {kind: Secret, name: s, fieldPath: stringData.pw}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.plain]}]}", []string{"spec.plain"}},
		"selected":        {"- {source: {kind: Secret, name: s, fieldPath: stringData.short}, targets: [{select: {name: node}, fieldPaths: ['spec.files.[name=/etc/pw].content']}]}", []string{"spec.files[0].content"}},
		"every":           {"- {source: {kind: Secret, name: s, fieldPath: stringData.pw}, targets: [{select: {kind: NodeProfile}, fieldPaths: ['spec.more.*.content']}]}", []string{"spec.more[0].content", "spec.more[1].content"}},
		"index":           {"- {source: {kind: Secret, name: s, fieldPath: stringData.short}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.files.1.content]}]}", []string{"spec.files[1].content"}},
		"annotation":      {"- {source: {kind: Secret, name: s, fieldPath: stringData.pw}, targets: [{select: {kind: NodeProfile}, fieldPaths: ['metadata.annotations.[a.b/c]']}]}", []string{"metadata.annotations.a.b/c"}},
		"part":            {"- {source: {kind: Secret, name: s, fieldPath: stringData.login, options: {delimiter: ':', index: 1}}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.plain]}]}", []string{"spec.plain"}},
		"into a part":     {"- {source: {kind: Secret, name: s, fieldPath: stringData.short}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.url], options: {delimiter: /, index: 1}}]}", []string{"spec.url"}},
		"into JSON":       {"- {source: {kind: Secret, name: s, fieldPath: stringData.short}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.config.password]}]}", []string{"spec.config"}},
		"the name":        {"- {source: {kind: Secret, name: s}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.plain]}]}", []string{}},
		"labelled later":  {"- {source: {kind: Secret, name: s, fieldPath: stringData.short}, targets: [{select: {kind: NodeProfile, annotationSelector: a.b/c=x}, fieldPaths: [spec.plain]}]}", []string{"spec.plain"}},
		"one after other": {"- {source: {kind: Secret, name: s, fieldPath: stringData.pw}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.plain]}]}\n- {source: {kind: NodeProfile, name: node, fieldPath: spec.plain, options: {delimiter: sesame}}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.copy]}]}", []string{"spec.plain", "spec.copy"}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, kustomization := range map[string]string{
				"field":    "replacements: [{path: r.yaml}]\n",
				"function": "transformers: [f.yaml]\n",
			} {
				site(t, map[string]string{
					"site/kustomization.yaml": "namePrefix: a-\nresources: [../base]\n",
					"base/kustomization.yaml": "resources: [n.yaml, s.yaml]\n" + kustomization,
					"base/n.yaml":             target, "base/s.yaml": secret, "base/r.yaml": c.replacements + "\n",
					"base/f.yaml": "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: f}\nreplacements: [{path: r.yaml}]\n",
				})
				rendered, err := Build(context.Background(), "site", Options{})
				require.NoError(t, err, how)
				assert.Equal(t, c.want, secrets(rendered.Documents[0].Root), how)
			}
		})
	}
}

// An element that is renamed later is found by what it holds.
func TestReplacementMovedLater(t *testing.T) {
	for _, source := range []string{"stringData.pw", "stringData.login, options: {delimiter: ':', index: 1}"} {
		site(t, map[string]string{
			"site/kustomization.yaml": "resources: [../base]\npatches:\n  - target: {kind: NodeProfile}\n    patch: '[{\"op\": \"replace\", \"path\": \"/spec/files/0/name\", \"value\": \"/etc/other\"}]'\n",
			"base/kustomization.yaml": "resources: [n.yaml, s.yaml]\nreplacements: [{source: {kind: Secret, name: s, fieldPath: " + source + "}, targets: [{select: {kind: NodeProfile}, fieldPaths: ['spec.files.[name=/etc/pw].content']}]}]\n",
			"base/n.yaml":             target, "base/s.yaml": secret,
		})
		rendered, err := Build(context.Background(), "site", Options{})
		require.NoError(t, err)
		assert.Equal(t, []string{"spec.files[0].content"}, secrets(rendered.Documents[0].Root), source)
	}
}

// What was encrypted is secret in any kind of document, and where kustomize drops the document.
func TestReplacementsOfDecrypted(t *testing.T) {
	for name, c := range map[string]struct {
		field, annotation string
		want              []string
	}{
		"encrypted":     {"pw", "", []string{"spec.plain"}},
		"part":          {"login, options: {delimiter: ':', index: 1}", "", []string{"spec.plain"}},
		"not encrypted": {"open", "", []string{}},
		"dropped":       {"login, options: {delimiter: ':', index: 1}", ", annotations: {config.kubernetes.io/local-config: 'true'}", []string{"spec.plain"}},
	} {
		t.Run(name, func(t *testing.T) {
			site(t, map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml, s.yaml]\nreplacements: [{source: {kind: ConfigMap, name: s, fieldPath: data." + c.field + "}, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.plain]}]}]\n",
				"site/n.yaml":             target,
				"site/s.yaml":             strings.Replace(sealed, "name: s", "name: s"+c.annotation, 1),
			})
			hidden := func(at tree.Place) bool {
				return filepath.ToSlash(at.File) == "site/s.yaml" && at.Line == 4 && (at.Column == 12 || at.Column == 31)
			}
			rendered, err := Build(context.Background(), "site", Options{Secret: hidden})
			require.NoError(t, err)
			assert.Equal(t, c.want, secrets(rendered.Documents[0].Root))
			if c.annotation == "" {
				assert.Equal(t, []string{"data.login", "data.pw"}, slices.Sorted(slices.Values(secrets(rendered.Documents[1].Root))))
			}
		})
	}
}
