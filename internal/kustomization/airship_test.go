package kustomization

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// parseOne is the one document of a text.
func parseOne(t testing.TB, text string) *tree.Node {
	t.Helper()
	report := &tree.Report{}
	documents := tree.Parse("n.yaml", []byte(text), report)
	require.NoError(t, report.Err())
	require.Len(t, documents, 1)
	return documents[0]
}

func TestFieldPath(t *testing.T) {
	root := parseOne(t, `
metadata: {name: node, annotations: {a.b/c: x}}
spec:
  count: 3
  containers:
    - {name: a.b, image: one, ports: [1, 2, 3]}
    - {name: c, image: two, ports: [4]}
  empty:
`)
	for text, want := range map[string]string{
		"metadata.name":                                "metadata/name",
		".metadata.name":                               "metadata/name",
		"{.metadata.name}":                             "metadata/name",
		"metadata.annotations['a.b/c']":                "metadata/annotations/a.b/c",
		`{.metadata.annotations['a\.b/c']}`:            "metadata/annotations/a.b/c",
		"spec.containers[name=a.b].image":              "spec/containers/0/image",
		"spec.containers[name=c]":                      "spec/containers/1",
		"spec.containers.1.image":                      "spec/containers/1/image",
		"spec.containers[1].image":                     "spec/containers/1/image",
		"spec.containers[-1].image":                    "spec/containers/1/image",
		"spec.containers[*].image":                     "spec/containers/0/image spec/containers/1/image",
		"spec.containers[name=none].image":             "",
		"spec.none.image":                              "",
		"{.spec.containers[?(@.name=='c')].image}":     "spec/containers/1/image",
		"{.spec.containers[?(@.ports[0]>1)].name}":     "spec/containers/1/name",
		"{.spec.containers[?(@.name!='c')].ports[1:]}": "spec/containers/0/ports/1 spec/containers/0/ports/2",
		"{.spec.containers[0].ports[0:3:2]}":           "spec/containers/0/ports/0 spec/containers/0/ports/2",
		"{.spec.containers[*].name}":                   "spec/containers/0/name spec/containers/1/name",
	} {
		path, err := parsePath(text)
		require.NoError(t, err, text)
		found, err := path.find(root, false)
		require.NoError(t, err, text)
		var all []string
		for _, one := range found {
			all = append(all, strings.Join(one, "/"))
		}
		assert.Equal(t, want, strings.Join(all, " "), text)
	}
	for text, want := range map[string]string{
		"":                       "the field path is empty",
		"...":                    "names no field",
		"a[b":                    "is not closed",
		"a]b":                    "closing bracket without",
		"a[b=c]d":                "neither . nor [",
		"a[[b=c]]":               "a bracket in a bracket",
		"a[=c]":                  "without KEY=VALUE",
		"{.a[}":                  "is not a JSONPath",
		"{.a}{.b}":               "more than one JSONPath",
		"{..a}":                  "not evaluated here",
		strings.Repeat("a", 5e3): "longer than",
	} {
		_, err := parsePath(text)
		assert.ErrorContains(t, err, want, text)
	}
	for text, want := range map[string]string{
		"spec.containers[9].image": "the index 9 is beyond the list, which has 2 elements",
		"spec.containers.name":     "name is in no mapping; what is there is a list",
		"spec.count.more":          "more is in no mapping; what is there is a text or number",
		"spec[name=a]":             "the condition is on no list; what is there is a mapping",
		"spec.count[0]":            "the index 0 is of no list",
	} {
		path, err := parsePath(text)
		require.NoError(t, err, text)
		_, err = path.find(root, true)
		assert.ErrorContains(t, err, want, text)
	}
}

// FuzzFieldPath: no path panics, leads out of the document or makes lists where there are none.
func FuzzFieldPath(f *testing.F) {
	for _, text := range []string{
		"spec.x[name=foo].y", "{.spec.x[?(@.name=='a')].y}", "a.0.b", "a[-1]", "['a.b']", "{.a[1:2:3]}", "{", "a%b%", "{.a[?(@.b)]}",
	} {
		f.Add(text)
	}
	root := parseOne(f, "spec: {x: [{name: foo, y: 1}, {name: a}], l: [1, [2]]}\na: [{b: c}, d]\nn:\n")
	f.Fuzz(func(t *testing.T, text string) {
		path, err := parsePath(text)
		if err != nil {
			return
		}
		for _, create := range []bool{false, true} {
			found, err := path.find(root, create)
			if err != nil {
				continue
			}
			for _, one := range found {
				value := tree.Text("new", tree.Place{})
				changed := set(root, one, value)
				for _, step := range one {
					_, changed = child(changed, step)
				}
				if len(one) > 0 {
					require.Same(t, value, changed, "%q %v", text, one)
				}
			}
		}
	})
}

// FuzzOrigin: whatever the sources are, values stay as they are, and a place told is one of the sources'.
func FuzzOrigin(f *testing.F) {
	for _, seed := range [][3]string{
		{"a: [1, 2, 3]\nb: {c: d}\n", "a: [1, 2]\n", "/a/-"},
		{"a: [{name: x, v: 1}, {name: y, v: 2}]\n", "a: [{name: y, v: 2}]\n", "/a/0"},
		{"a: 0644\nb: yes\nc: ~\n", "a: 420\n", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, rendered, source, path string) {
		report := &tree.Report{}
		a := tree.Parse("rendered", []byte(rendered), report)
		b := tree.Parse("source", []byte(source), report)
		if report.Err() != nil || len(a) != 1 || len(b) != 1 {
			return
		}
		d := newDigests()
		places := &places{d: d, writes: []write{{path: pointer(path), node: b[0], added: true}, {node: b[0]}}}
		out := places.place(a[0], nil, tree.Place{File: "around"}, nil, []*tree.Node{a[0]})
		require.Equal(t, d.of(a[0]), d.of(out), "the values stay")
		lines := map[tree.Place]*tree.Node{}
		b[0].Walk(func(n *tree.Node) { lines[tree.Place{File: "source", Line: n.Place.Line, Column: n.Place.Column}] = n })
		out.Walk(func(n *tree.Node) {
			at := tree.Place{File: n.Place.File, Line: n.Place.Line, Column: n.Place.Column}
			if at.File == "source" {
				require.Contains(t, lines, at)
			}
		})
	})
}

// transformer is a site with a ReplacementTransformer over a profile and a catalogue.
func transformer(replacements string) map[string]string {
	return map[string]string{
		"site/kustomization.yaml": "resources: [n.yaml, c.yaml]\ntransformers: [t.yaml]\n",
		"site/n.yaml":             node + "  list: [a-X, b-X, c]\n  users: [{name: a}, {name: b}]\n",
		"site/c.yaml":             "apiVersion: airshipit.org/v1alpha1\nkind: VariableCatalogue\nmetadata: {name: values}\nspec: {suite: trixie, map: {a: 1}}\n",
		"site/t.yaml":             "apiVersion: airshipit.org/v1alpha1\nkind: ReplacementTransformer\nmetadata: {name: t}\nreplacements:\n" + replacements,
	}
}

func TestReplacement(t *testing.T) {
	for name, c := range map[string]struct{ text, path, want, place string }{
		"field":     {"- {source: {objref: {kind: VariableCatalogue}, fieldref: spec.suite}, target: {objref: {kind: NodeProfile}, fieldrefs: [spec.suite]}}", "spec.suite", "trixie", "site/c.yaml:4:15"},
		"new":       {"- {source: {value: x}, target: {objref: {name: node}, fieldrefs: [spec.a.b.c]}}", "spec.a.b.c", "x", "site/t.yaml:5:20"},
		"number":    {"- {source: {value: 12}, target: {objref: {name: node}, fieldrefs: [spec.a]}}", "spec.a", "12", "site/t.yaml:5:20"},
		"pattern":   {"- {source: {value: $1}, target: {objref: {name: node}, fieldrefs: ['spec.list%X%']}}", "spec.list.1", "b-$1", "site/n.yaml:7:15"},
		"mapping":   {"- {source: {objref: {name: values}, fieldref: '{.spec.map}'}, target: {objref: {name: node}, fieldrefs: [spec.map]}}", "spec.map.a", "1", "site/c.yaml:4:32"},
		"element":   {"- {source: {value: z}, target: {objref: {name: n.de}, fieldrefs: ['spec.users[name=b].name']}}", "spec.users.1.name", "z", "site/t.yaml:5:20"},
		"name":      {"- {source: {objref: {kind: VariableCatalogue}}, target: {objref: {name: node}, fieldrefs: [spec.a]}}", "spec.a", "values", "site/c.yaml:3:18"},
		"targets":   {"- {source: {value: x}, targets: [{objref: {name: node}, fieldrefs: [spec.a]}, {objref: {name: values}, fieldrefs: [spec.b]}]}", "spec.a", "x", "site/t.yaml:5:20"},
		"in order":  {"- {source: {value: x}, target: {objref: {name: values}, fieldrefs: [spec.suite]}}\n- {source: {objref: {name: values}, fieldref: spec.suite}, target: {objref: {name: node}, fieldrefs: [spec.suite]}}", "spec.suite", "x", "site/t.yaml:5:20"},
		"not there": {"- {source: {value: x}, target: {objref: {name: node}, fieldrefs: ['spec.users[name=c].name']}}", "spec.suite", "bookworm", "site/n.yaml:6:10"},
	} {
		t.Run(name, func(t *testing.T) {
			site(t, transformer(c.text))
			rendered, err := Build(context.Background(), "site", Options{})
			require.NoError(t, err)
			value := rendered.Documents[0].Root
			path := strings.Split(c.path, ".")
			for _, step := range path {
				_, value = child(value, step)
				require.NotNil(t, value, c.path)
			}
			assert.Equal(t, c.want, value.Value)
			at, ok := rendered.Documents[0].Origin(path)
			assert.True(t, ok)
			at.Field = ""
			m := mistake.Mistake{File: filepath.ToSlash(at.File), Line: at.Line, Column: at.Column}
			assert.Equal(t, c.place+": ", m.Error())
			assert.Equal(t, name == "not there", len(rendered.Warnings) > 0, "%v", rendered.Warnings)
		})
	}
}

func TestReplacementMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"- {source: {value: x, objref: {name: node}}, target: {objref: {name: node}, fieldrefs: [a]}}": "site/t.yaml:5:12: replacements[0].source: objref and value are both there; give one",
		"- {source: {}, target: {objref: {name: node}, fieldrefs: [a]}}":                               "a source needs value, a text, or objref and fieldref",
		"- {target: {objref: {name: node}, fieldrefs: [a]}}":                                           "a replacement needs source",
		"- {source: {value: x}}": "a replacement needs target",
		"- {source: {value: x}, target: {objref: {name: nod}, fieldrefs: [a]}}":                                                  "site/t.yaml:5:41: replacements[0].target.objref: no resource is of any kind, nod; did you mean node?",
		"- {source: {objref: {kind: VariableCatalogu}}, target: {objref: {name: node}, fieldrefs: [a]}}":                         "no resource is VariableCatalogu",
		"- {source: {objref: {version: v1alpha1}}, target: {objref: {name: node}, fieldrefs: [a]}}":                              "2 resources are of any kind; name one",
		"- {source: {objref: {name: values}, fieldref: spec.none}, target: {objref: {name: node}, fieldrefs: [a]}}":              "VariableCatalogue values has no spec.none",
		"- {source: {objref: {name: values}, fieldRef: spec.none}, target: {objref: {name: node}, fieldrefs: [a]}}":              "site/t.yaml:5:37: replacements[0].source.fieldRef: unknown field; did you mean fieldref?",
		"- {source: {value: x}, target: {objref: {name: node}, fieldrefs: ['spec.list[name=']}}":                                 "is not closed",
		"- {source: {value: x}, target: {objref: {name: node}, fieldrefs: ['spec.list.7']}}":                                     "site/t.yaml:5:67: replacements[0].target.fieldrefs[0]: spec.list.7 of NodeProfile node: the index 7 is beyond the list, which has 3 elements",
		"- {source: {value: x}, target: {objref: {name: node}, fieldrefs: ['spec.suite%(%']}}":                                   "the pattern ( is not a regular expression",
		"- {source: {objref: {name: values}, fieldref: spec.map}, target: {objref: {name: node}, fieldrefs: ['spec.suite%b%']}}": "a pattern is replaced by a text or number only; what is there is a mapping",
	} {
		site(t, transformer(text))
		_, err := Build(context.Background(), "site", Options{})
		require.Error(t, err, text)
		assert.Contains(t, filepath.ToSlash(err.Error()), want, text)
	}
}

// What an overlay knows of resources stays known behind a function: names before a prefix, hashes.
func TestReplacementKeepsIdentity(t *testing.T) {
	site(t, map[string]string{
		"base/kustomization.yaml": "namePrefix: base-\nresources: [n.yaml]\nconfigMapGenerator: [{name: c, literals: [a=1]}]\ntransformers: [t.yaml]\n",
		"base/n.yaml":             node,
		"base/t.yaml":             "apiVersion: airshipit.org/v1alpha1\nkind: ReplacementTransformer\nmetadata: {name: t}\nreplacements:\n- {source: {objref: {kind: ConfigMap, name: base-c}, fieldref: data.a}, target: {objref: {name: base-node}, fieldrefs: [spec.a]}}\n",
		"site/kustomization.yaml": "namePrefix: site-\nresources: [../base]\nconfigMapGenerator: [{name: c, behavior: merge, literals: [b=2]}]\npatches: [{path: p.yaml}]\n",
		"site/p.yaml":             "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: node}\nspec: {patched: true}\n",
	})
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	require.Len(t, rendered.Documents, 2)
	root := rendered.Documents[0].Root
	assert.Equal(t, "site-base-node", root.Get("metadata", "name").Value)
	assert.Equal(t, "1", root.Get("spec", "a").Value)
	assert.Equal(t, "true", root.Get("spec", "patched").Value)
	settings := rendered.Documents[1].Root
	assert.Regexp(t, `^site-base-c-\w{10}$`, settings.Get("metadata", "name").Value)
	assert.Equal(t, "2", settings.Get("data", "b").Value)
	assert.NotContains(t, string(rendered.Documents[0].Text), "config.kubernetes.io")
}

func TestLocalConfig(t *testing.T) {
	files := transformer("- {source: {objref: {name: values}, fieldref: spec.suite}, target: {objref: {name: node}, fieldrefs: [spec.suite]}}")
	files["site/c.yaml"] = strings.Replace(files["site/c.yaml"], "{name: values}", `{name: values, annotations: {config.kubernetes.io/local-config: "true"}}`, 1)
	site(t, files)
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	require.Len(t, rendered.Documents, 1, "it is a source of values and no resource")
	assert.Equal(t, "trixie", rendered.Documents[0].Root.Get("spec", "suite").Value)
}

// A resource that has the name another had before its prefix cannot be told from it by a patch.
func TestReplacementAmbiguous(t *testing.T) {
	files := transformer("- {source: {value: x}, target: {objref: {kind: NodeProfile, name: node}, fieldrefs: [spec.suite]}}")
	files["site/kustomization.yaml"] += "\n"
	files["base/kustomization.yaml"] = "namePrefix: base-\nresources: [n.yaml]\n"
	files["base/n.yaml"] = node
	files["site/kustomization.yaml"] = "resources: [n.yaml, c.yaml, ../base]\ntransformers: [t.yaml]\n"
	site(t, files)
	_, err := Build(context.Background(), "site", Options{})
	assert.ErrorContains(t, err, "give the resources different names")
}

func TestSecretStaysSecret(t *testing.T) {
	files := transformer("- {source: {objref: {kind: Secret}, fieldref: data.password}, target: {objref: {name: node}, fieldrefs: [spec.password, 'spec.list%X%']}}")
	files["site/c.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: aHVudGVyMg==}\n"
	site(t, files)
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	root := rendered.Documents[0].Root
	assert.Equal(t, "hunter2", root.Get("spec", "password").Value)
	assert.True(t, root.Get("spec", "password").Secret)
	assert.True(t, root.Get("spec", "list").Content[0].Secret)
	assert.False(t, root.Get("spec", "list").Content[2].Secret)
	assert.True(t, rendered.Documents[1].Root.Get("data", "password").Secret)
}

// generator is a site whose only document comes out of a template.
func generator(template string) map[string]string {
	return map[string]string{
		"site/kustomization.yaml": "generators: [t.yaml]\n",
		"site/t.yaml": "apiVersion: airshipit.org/v1alpha1\nkind: Templater\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n" +
			"      container: {image: a, envs: [TEMPLATER_TEST]}\nvalues: {name: node, list: [1000000, b]}\ntemplate: |\n  " +
			strings.ReplaceAll(strings.TrimSpace(template), "\n", "\n  ") + "\n",
	}
}

func TestTemplater(t *testing.T) {
	t.Setenv("TEMPLATER_TEST", "allowed")
	t.Setenv("TEMPLATER_OTHER", "not allowed")
	site(t, generator(node+`
  env: {{ env "TEMPLATER_TEST" }}{{ env "TEMPLATER_OTHER" }}
  upper: {{ .name | upper | quote }}
  first: {{ index .list 0 }}
  list:
{{ toYaml .list | indent 2 }}
{{- define "part" }}in{{ end }}
  part: {{ include "part" . }}
`))
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	require.Len(t, rendered.Documents, 1)
	spec := rendered.Documents[0].Root.Get("spec")
	assert.Equal(t, "allowed", spec.Get("env").Value)
	assert.Equal(t, "NODE", spec.Get("upper").Value)
	assert.Equal(t, "1000000", spec.Get("first").Value)
	assert.Equal(t, "b", spec.Get("list").Content[1].Value)
	assert.Equal(t, "in", spec.Get("part").Value)
	at, ok := rendered.Documents[0].Origin([]string{"spec", "env"})
	assert.True(t, ok)
	assert.Equal(t, filepath.FromSlash("site/t.yaml"), at.File)
	assert.Equal(t, 9, at.Line, "the template")
	assert.Equal(t, []string{filepath.FromSlash("site/kustomization.yaml"), filepath.FromSlash("site/t.yaml")}, rendered.Files)
}

func TestTemplaterMistakes(t *testing.T) {
	for template, want := range map[string]string{
		"a: b\nc: {{ .name ":                                                    "site/t.yaml:11: template: the template fails: unclosed action",
		"a: {{ nosuch 1 }}":                                                     "site/t.yaml:10: template: the template calls nosuch, which is none of Sprig's or Airship's functions",
		"a: {{ genPrivateKey \"rsa\" }}":                                        "the template calls genPrivateKey, which gives another result each time",
		"a: {{ regexGen \"a\" 1 }}":                                             "the template calls regexGen, which gives another result",
		"a: {{ getHostByName \"example.org\" }}":                                "the template calls getHostByName, which",
		"a: {{ now }}":                                                          "the template calls now, which",
		"a: {{ repeat 100000000 \"a\" }}":                                       "the template gives too much",
		"{{ range until 1000000000 }}a{{ end }}":                                "the template gives too much",
		"{{ range untilStep 0 100000 1 }}aaaaaaaaaaaaaaaa{{ end }}":             "the template gives too much",
		"{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}": "the template gives too much",
		"a: [":                   "in line 2 of what the template gives: not valid YAML",
		"{{ fail \"no host\" }}": "no host",
	} {
		site(t, generator(template))
		_, err := Build(context.Background(), "site", Options{})
		require.Error(t, err, template)
		assert.Contains(t, filepath.ToSlash(err.Error()), want, template)
	}
}

func TestTemplaterAmongTransformers(t *testing.T) {
	files := generator(node)
	files["site/kustomization.yaml"] = "resources: [o.yaml]\ntransformers: [t.yaml]\n"
	files["site/o.yaml"] = strings.ReplaceAll(node, "name: node", "name: other")
	site(t, files)
	rendered, err := Build(context.Background(), "site", Options{})
	require.NoError(t, err)
	assert.Len(t, rendered.Documents, 2)

	files["site/kustomization.yaml"] += "namePrefix: a-\n"
	site(t, files)
	_, err = Build(context.Background(), "site", Options{})
	assert.ErrorContains(t, err, "Templater t is among the transformers of a kustomization that has namePrefix, too")
}
