package kustomization

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

const node = "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata:\n  name: node\nspec:\n  suite: bookworm\n"

// site writes files below a directory of the test's own, which the working directory is, too.
func site(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
}

// Whatever is refused is told with its file and line, and all of it at once.
func TestRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"remote": {
			map[string]string{
				"site/kustomization.yaml": `resources:
  - https://example.org/base.yaml
  - github.com/airshipit/airshipctl/manifests
  - git@example.org:a/b.git
  - ssh://example.org/a/b
components: ["https://example.org/c?ref=v1"]
crds: ["https://example.org/crd.yaml"]
patches:
  - path: http://example.org/p.yaml
configMapGenerator:
  - name: a
    files: ["a=https://example.org/a"]
`,
			},
			[]string{
				"site/kustomization.yaml:2:5: resources[0]: https://example.org/base.yaml is remote; nothing is fetched here: copy it beside the documents and name the copy",
				"site/kustomization.yaml:3:5: resources[1]: github.com/airshipit/airshipctl/manifest… is remote",
				"site/kustomization.yaml:4:5: resources[2]: git@example.org:a/b.git is remote",
				"site/kustomization.yaml:5:5: resources[3]: ssh://example.org/a/b is remote",
				"site/kustomization.yaml:6:14: components[0]: https://example.org/c?ref=v1 is remote",
				"site/kustomization.yaml:7:8: crds[0]: https://example.org/crd.yaml is remote",
				"site/kustomization.yaml:9:11: patches[0].path: http://example.org/p.yaml is remote",
				"site/kustomization.yaml:12:13: configMapGenerator[0].files[0]: https://example.org/a is remote",
			},
		},
		"remote beside a directory of that name": {
			map[string]string{
				"site/kustomization.yaml":                "resources: [github.com/a/b]\n",
				"site/github.com/a/b/kustomization.yaml": "resources: [n.yaml]\n",
				"site/github.com/a/b/n.yaml":             node,
			},
			[]string{"site/kustomization.yaml:1:13: resources[0]: github.com/a/b is remote"},
		},
		"remote in a builtin function": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\ntransformers: [t.yaml]\n",
				"site/n.yaml":             node,
				"site/t.yaml":             "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: https://example.org/p.yaml\n",
			},
			[]string{"site/t.yaml:4:7: path: https://example.org/p.yaml is remote"},
		},
		"remote by a patch of a function": {
			map[string]string{
				"site/kustomization.yaml":   "resources: [n.yaml]\ntransformers: [t]\n",
				"site/n.yaml":               node,
				"site/t/kustomization.yaml": "resources: [t.yaml]\npatches:\n  - target: {name: t}\n    patch: '[{\"op\": \"add\", \"path\": \"/path\", \"value\": \"https://example.org/p.yaml\"}]'\n",
				"site/t/t.yaml":             "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\n",
			},
			[]string{"site/t/kustomization.yaml:4:12: path: https://example.org/p.yaml is remote"},
		},
		"helm": {
			map[string]string{"site/kustomization.yaml": "helmCharts:\n  - name: a\n"},
			[]string{"site/kustomization.yaml:1:1: helmCharts: Helm charts are not rendered here, since that runs helm; render the chart to a file with `helm template`"},
		},
		"helm as a function": {
			map[string]string{
				"site/kustomization.yaml": "generators:\n  - |-\n    apiVersion: builtin\n    kind: HelmChartInflationGenerator\n    metadata: {name: a}\n",
			},
			[]string{"site/kustomization.yaml:4:11: kind: Helm charts are not rendered here"},
		},
		"functions": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\ntransformers: [sops.yaml]\nvalidators: [v.yaml]\ngenerators: [g.yaml]\n",
				"site/n.yaml":             node,
				"site/sops.yaml":          "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: sops\n  annotations:\n    config.k8s.io/function: |\n      container: {image: example.org/sops:v0.1.0}\n",
				"site/v.yaml":             "apiVersion: example.org/v1\nkind: Kubeval\nmetadata: {name: v}\n",
				"site/g.yaml":             "apiVersion: example.org/v1\nkind: Exec\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run}\n",
			},
			[]string{
				"site/g.yaml:2:7: kind: Exec g is a function in a container or program, and none is run here; evaluated are kustomize's own (apiVersion builtin) and ReplacementTransformer and Templater of airshipit.org/v1alpha1",
				"site/sops.yaml:2:7: kind: ConfigMap sops is the function example.org/sops:v0.1.0, and none is run here",
				"site/v.yaml:2:7: kind: Kubeval v is a plugin, and none is run here",
			},
		},
		"missing": {
			map[string]string{
				"site/kustomization.yaml": "resources:\n  - ../bas\n  - n.yml\npatches:\n  - path: nix.yaml\n",
				"base/kustomization.yaml": "resources: [n.yaml]\n",
				"base/n.yaml":             node,
				"site/n.yaml":             node,
			},
			[]string{
				"site/kustomization.yaml:2:5: resources[0]: there is no file or directory ../bas; did you mean ../base?",
				"site/kustomization.yaml:3:5: resources[1]: there is no file or directory n.yml; did you mean n.yaml?",
				"site/kustomization.yaml:5:11: patches[0].path: there is no file or directory nix.yaml",
			},
		},
		"outside": {
			map[string]string{
				"site/kustomization.yaml": "resources:\n  - ../base/n.yaml\nconfigMapGenerator:\n  - name: a\n    files: [../base/n.yaml]\n",
				"base/n.yaml":             node,
			},
			[]string{
				"site/kustomization.yaml:2:5: resources[0]: ../base/n.yaml is outside of site; kustomize reads files only in or below the kustomization's directory: give that place a kustomization.yaml of its own and list the directory",
				"site/kustomization.yaml:5:13: configMapGenerator[0].files[0]: ../base/n.yaml is outside of site",
			},
		},
		"cycle": {
			map[string]string{
				"a/kustomization.yaml":    "resources: [../b]\n",
				"b/kustomization.yaml":    "resources:\n  - ../site\n",
				"site/kustomization.yaml": "resources: [../a]\n",
			},
			[]string{"b/kustomization.yaml:2:5: resources[0]: kustomizations that lead to themselves: site → a → b → site"},
		},
		"around": {
			map[string]string{
				"kustomization.yaml":      "resources: [site]\n",
				"site/kustomization.yaml": "resources: [..]\n",
			},
			[]string{"site/kustomization.yaml:1:13: resources[0]: .. is around site, which leads here; kustomize takes no directory from within it"},
		},
		"no kustomization": {
			map[string]string{"site/kustomization.yaml": "resources: [../base]\n", "base/n.yaml": node},
			[]string{"site/kustomization.yaml:1:13: resources[0]: the directory ../base holds no kustomization.yaml"},
		},
		"two kustomizations": {
			map[string]string{"site/kustomization.yaml": "resources: []\n", "site/kustomization.yml": "resources: []\n"},
			[]string{"site/kustomization.yml: kustomization.yaml is here, too; keep one"},
		},
		"fields": {
			map[string]string{"site/kustomization.yaml": "resource: []\nnonsense: 1\n"},
			[]string{
				"site/kustomization.yaml:1:1: resource: unknown field of a kustomization; did you mean resources?",
				"site/kustomization.yaml:2:1: nonsense: unknown field of a kustomization",
			},
		},
		"type": {
			map[string]string{"site/kustomization.yaml": "namePrefix: [a]\nresources: [n.yaml]\n", "site/n.yaml": node},
			[]string{"site/kustomization.yaml: kustomize: "},
		},
		"syntax": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml, ../base]\npatches:\n  - path: p.yaml\n  - patch: |-\n      a: b\n      c: [\n",
				"site/n.yaml":             "a: b\n\tc: d\n",
				"site/p.yaml":             "a: b\n c: d: e\n",
				"base/kustomization.yaml": "resources: [\n",
			},
			[]string{
				"base/kustomization.yaml:2: not valid YAML: ",
				"site/n.yaml:2: not valid YAML: found a tab",
				"site/p.yaml:2: not valid YAML: ",
			},
		},
		"inline syntax": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\npatches:\n  - target: {kind: NodeProfile}\n    patch: |-\n      a: b\n      c: d: e\n",
				"site/n.yaml":             node,
			},
			[]string{"site/kustomization.yaml:6: not valid YAML: a key is not allowed here"},
		},
		"large": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\n",
				"site/n.yaml":             strings.Repeat("# a comment\n", 100_000),
			},
			[]string{"site/n.yaml: is larger than 1024 KiB, too large for a document"},
		},
		"anchors": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\n",
				"site/n.yaml": "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
					"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e]\n",
			},
			[]string{"site/n.yaml:1:1: the document is too large once its anchors and references are filled in"},
		},
		"component as resource": {
			map[string]string{
				"site/kustomization.yaml": "resources: [../c]\ncomponents: [../r]\n",
				"c/kustomization.yaml":    "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nresources: []\n",
				"r/kustomization.yaml":    "resources: [n.yaml]\n",
				"r/n.yaml":                node,
			},
			[]string{
				"site/kustomization.yaml:1:13: resources[0]: ../c is a component; list it in components",
				"site/kustomization.yaml:2:14: components[0]: ../r is no component; list it in resources",
			},
		},
		"patch of nothing": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\npatches: [{path: p.yaml}]\n",
				"site/n.yaml":             node,
				"site/p.yaml":             "# for another\napiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata:\n  name: nod\n",
			},
			[]string{"site/p.yaml:2:1: no resource is there for this patch to change: NodeProfile"},
		},
		"same name twice": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml, ../base]\n",
				"site/n.yaml":             node,
				"base/kustomization.yaml": "resources: [n.yaml]\n",
				"base/n.yaml":             node,
			},
			[]string{"site/n.yaml:1:1: another resource has this kind and name, in base/n.yaml:1"},
		},
		"no resources": {
			map[string]string{
				"site/kustomization.yaml": "resources: [a.yaml, b.yaml, c.yaml]\n",
				"site/a.yaml":             "a: b\n",
				"site/b.yaml":             "[1]\n",
				"site/c.yaml":             node + "---\nkind: A\nmetadata: {generateName: a}\n",
			},
			[]string{
				"site/a.yaml:1:1: is no resource; want apiVersion, kind and metadata.name",
				"site/b.yaml:1:1: is no resource",
				"site/c.yaml:8:1: is no resource",
			},
		},
		"no mappings": {
			map[string]string{"site/kustomization.yaml": "patches: [null]\npatchesJson6902: [{patch: a}]\nreplacements: [{source: {}, targets: [null]}]\n"},
			[]string{
				"site/kustomization.yaml:1:11: patches[0]: want a mapping",
				"site/kustomization.yaml:2:19: patchesJson6902[0]: needs target, with the kind and name of a resource",
				"site/kustomization.yaml:3:39: replacements[0].targets[0]: needs select",
			},
		},
		"library's panic": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\nreplacements: [{path: r.yaml}]\n",
				"site/n.yaml":             node,
				"site/r.yaml":             "source: {kind: NodeProfile}\ntargets: [null]\n",
			},
			[]string{"site/kustomization.yaml: kustomize fails on it: runtime error"},
		},
		"literals": {
			map[string]string{"site/kustomization.yaml": "secretGenerator:\n  - name: a\n    literals: [verysecret]\n"},
			[]string{"site/kustomization.yaml:3:16: secretGenerator[0].literals[0]: want KEY=VALUE"},
		},
		"diamonds": {diamonds(18), []string{"lists kustomizations that list each other 10000 times or more"}},
	} {
		t.Run(name, func(t *testing.T) {
			site(t, c.files)
			_, err := Build(context.Background(), "site", Options{})
			require.Error(t, err)
			var said []string
			for _, m := range mistake.All(err) {
				said = append(said, filepath.ToSlash(m.Error()))
			}
			all := strings.Join(said, "\n")
			for _, want := range c.want {
				assert.Contains(t, all, want)
			}
			working, err := os.Getwd()
			require.NoError(t, err)
			assert.NotContains(t, all, working, "a path that the operator did not write")
		})
	}
}

// What the library quotes of files may be a secret.
func TestErrorsQuoteNothing(t *testing.T) {
	secretNode := node + "  password: verysecret\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"env not UTF-8": {
			map[string]string{"site/kustomization.yaml": "secretGenerator: [{name: a, envs: [e]}]\n", "site/e": "# a\nPASSWORD=verysecret\xff\n"},
			"site/e:2: is not UTF-8",
		},
		"env of a function, not UTF-8": {
			map[string]string{
				"site/kustomization.yaml": "generators: [g.yaml]\n", "site/e": "PASSWORD=verysecret\xff\n",
				"site/g.yaml": "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: g}\nenvs: [e]\n",
			},
			"invalid utf8 bytes",
		},
		"literal of a function": {
			map[string]string{
				"site/kustomization.yaml": "generators: [g.yaml]\n",
				"site/g.yaml":             "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: g}\nliterals: [verysecret]\n",
			},
			"literal sources",
		},
		"patch strategy": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\npatches: [{path: p.yaml}]\n", "site/n.yaml": node,
				"site/p.yaml": strings.Replace(node, "spec:\n", "spec:\n  $patch: verysecret\n", 1),
			},
			"unknown patch strategy",
		},
		"no patch": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\npatches: [{target: {kind: NodeProfile}, patch: '[{\"value\": verysecret}]'}]\n", "site/n.yaml": node,
			},
			"unable to parse SM or JSON patch",
		},
		"index": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\nreplacements: [{source: {kind: NodeProfile, fieldPath: spec.password, options: {delimiter: x, index: 9}}, targets: [{select: {kind: NodeProfile}}]}]\n",
				"site/n.yaml":             secretNode,
			},
			"options.index 9 is out of bounds",
		},
		"kind of node": {
			map[string]string{
				"site/kustomization.yaml": "resources: [n.yaml]\nreplacements: [{sourceValue: a, targets: [{select: {kind: NodeProfile}, fieldPaths: ['spec.*.x']}]}]\n",
				"site/n.yaml":             secretNode,
			},
			"wrong node kind",
		},
		"a key of a Secret": {
			map[string]string{
				"site/kustomization.yaml": "resources: [s.yaml, n.yaml]\nreplacements: [{sourceValue: a, targets: [{select: {kind: NodeProfile}, fieldPaths: [spec.verysecret.x.y]}]}]\n",
				"site/n.yaml":             node,
				"site/s.yaml":             "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: verysecret}\n",
			},
			"<redacted>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			site(t, c.files)
			_, err := Build(context.Background(), "site", Options{})
			require.Error(t, err)
			assert.Contains(t, filepath.ToSlash(err.Error()), c.want)
			assert.NotContains(t, err.Error(), "verysecret")
		})
	}
}

// diamonds is n levels of kustomizations of which each lists both of the next level.
func diamonds(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		for _, side := range []string{"l", "r"} {
			next := strings.Repeat("x", i+1)
			files[side+strings.Repeat("x", i)+"/kustomization.yaml"] = "namePrefix: " + side + "-\nresources: [../l" + next + ", ../r" + next + "]\n"
		}
	}
	last := strings.Repeat("x", n)
	for _, side := range []string{"l", "r"} {
		files[side+last+"/kustomization.yaml"] = "namePrefix: " + side + "-\nresources: [n.yaml]\n"
		files[side+last+"/n.yaml"] = node
	}
	files["site/kustomization.yaml"] = "resources: [../l]\n"
	return files
}

func TestNoDirectory(t *testing.T) {
	site(t, map[string]string{"a/n.yaml": node})
	for directory, want := range map[string]string{
		"b": "b: there is no such directory",
		"a": "a: holds no kustomization.yaml",
	} {
		_, err := Build(context.Background(), directory, Options{})
		assert.EqualError(t, err, want)
	}
	assert.False(t, IsRoot("a"))
}

func TestRead(t *testing.T) {
	site(t, map[string]string{
		"site/kustomization.yaml": "resources: [n.yaml]\npatches: [{path: p.yaml}]\n",
		"site/n.yaml":             strings.ReplaceAll(node, "bookworm", "ENCRYPTED"),
		"site/p.yaml":             "sealed",
	})
	assert.True(t, IsRoot("site"))
	var asked []string
	options := Options{Read: func(path string, data []byte) ([]byte, error) {
		asked = append(asked, filepath.ToSlash(path))
		if string(data) == "sealed" {
			return []byte("apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: node}\nspec: {secret: opened}\n"), nil
		}
		return []byte(strings.ReplaceAll(string(data), "ENCRYPTED", "trixie")), nil
	}}
	rendered, err := Build(context.Background(), "site", options)
	require.NoError(t, err)
	root := rendered.Documents[0].Root
	assert.Equal(t, "trixie", root.Get("spec", "suite").Value)
	assert.Equal(t, "opened", root.Get("spec", "secret").Value)
	assert.Equal(t, []string{"site/kustomization.yaml", "site/p.yaml", "site/n.yaml"}, asked, "each file once")

	options.Read = func(path string, data []byte) ([]byte, error) {
		if string(data) == "sealed" {
			return nil, errors.New("the key is missing")
		}
		return data, nil
	}
	_, err = Build(context.Background(), "site", options)
	assert.EqualError(t, err, filepath.FromSlash("site/p.yaml")+": the key is missing")
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	site(t, map[string]string{"site/kustomization.yaml": "resources: [n.yaml]\n", "site/n.yaml": node})
	_, err := Build(ctx, "site", Options{})
	assert.ErrorIs(t, err, context.Canceled)
}
