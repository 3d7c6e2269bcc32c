package tree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parsed is the one document of a text.
func parsed(t testing.TB, text string) *Node {
	t.Helper()
	r := &Report{}
	documents := Parse("t.yaml", []byte(text), r)
	require.NoError(t, r.Err())
	require.Len(t, documents, 1)
	return documents[0]
}

func decoded(t testing.TB, n *Node) any {
	t.Helper()
	value, err := n.Decode()
	require.NoError(t, err)
	return value
}

const catalogue = `
spec:
  kubernetes: v1.30
  charts: {cert-manager: {version: 1.2}, a.b: dotted, "0": zero}
  list:
    - {name: foo, url: f, meta: {labels: {app: one}}}
    - {name: bar baz, url: b}
    - {name: twice, url: t1}
    - {name: twice, url: t2}
  words: [x, y]
  empty:
`

func TestPathGet(t *testing.T) {
	root := parsed(t, catalogue)
	for path, want := range map[string]string{
		"spec.kubernetes":                        "v1.30",
		".spec.kubernetes":                       "v1.30",
		"{.spec.kubernetes}":                     "v1.30",
		"{ .spec.kubernetes }":                   "v1.30",
		"$.spec.kubernetes":                      "v1.30",
		"spec.charts.cert-manager.version":       "1.2",
		`spec.charts.a\.b`:                       "dotted",
		`spec.charts["a.b"]`:                     "dotted",
		`spec['charts']['a.b']`:                  "dotted",
		"spec.charts.0":                          "zero",
		"spec.words[1]":                          "y",
		"spec.words.1":                           "y",
		"spec.list[0].url":                       "f",
		"spec.list[name=foo].url":                "f",
		"spec.list.[name=foo].url":               "f",
		`spec.list[name="bar baz"].url`:          "b",
		"spec.list[name=bar baz].url":            "b",
		"spec.list[meta.labels.app=one].url":     "f",
		`{.spec.list[?(@.name=="foo")].url}`:     "f",
		`{.spec.list[?(@.name=='foo')].url}`:     "f",
		`{.spec.list[?( @.name == "foo" )].url}`: "f",
	} {
		p, err := ParsePath(path)
		require.NoError(t, err, path)
		got, err := p.Get(root)
		if assert.NoError(t, err, path) {
			assert.Equal(t, want, got.Value, path)
		}
		again, err := ParsePath(p.String())
		require.NoError(t, err, p.String())
		assert.Equal(t, p, again, path)
	}
	for path, want := range map[string]string{
		"spek.kubernetes":            "the document has no field spek; did you mean spec?",
		"spec.kubernets":             "spec has no field kubernets; did you mean kubernetes?",
		"spec.kubernetes.major":      "spec.kubernetes is a string, so it has no field major",
		"spec.kubernetes[0]":         "spec.kubernetes is a string, so it has no element [0]",
		"spec.words[2]":              "spec.words has 2 elements, so no [2]; the first is [0]",
		"spec.words.z":               "spec.words is a list, so it has no field z",
		"spec.charts[name=foo]":      "spec.charts is a mapping, so it has no element whose name is foo",
		"spec.list[name=fo].url":     "no element of spec.list has name fo; did you mean foo?",
		"spec.list[name=zzz].url":    "no element of spec.list has name zzz; known: bar baz, foo, twice",
		"spec.list[name=twice]":      "2 elements of spec.list have name twice; want one",
		"spec.empty.x":               "spec.empty is nothing, so it has no field x",
		"spec.list[name=foo].meta.x": "spec.list[name=foo].meta has no field x; known: labels",
	} {
		p, err := ParsePath(path)
		require.NoError(t, err, path)
		_, err = p.Get(root)
		assert.EqualError(t, err, want, path)
	}
}

func TestParsePathThatIsWrong(t *testing.T) {
	for path, want := range map[string]string{
		"":                                     "is empty; want a path such as spec.versions.kubernetes",
		"{}":                                   "is empty; want a path such as spec.versions.kubernetes",
		"{.spec":                               "begins with { and does not end with }",
		"a.":                                   "ends with a dot",
		"a..b":                                 "has two dots with nothing between them",
		"a[0":                                  "has a [ that is not closed",
		"a[0]b":                                "after a[0] want a dot or [",
		"a[*]":                                 "[*] leads to several values; want one",
		"a[0:2]":                               "[0:2] leads to several values; want one",
		"a[-1]":                                "[-1] is not an element; the first is [0]",
		"a[999999999]":                         "[999999999] is not an element; the first is [0]",
		"a[]":                                  `[""] is not understood; want a number, name=value or ?(@.name=="value")`,
		"a[?(@.b=='c']":                        "has a ?( that is not closed",
		`a[?(@.b!="c")]`:                       `[?(@.b!="c")] is not understood; want a number, name=value or ?(@.name=="value")`,
		`a[?(@.b=="c"&&@.d)]`:                  `[?(@.b=="c"&&@.d)] is not understood; want a number, name=value or ?(@.name=="value")`,
		"a]":                                   `has a ']' where a field's name was expected`,
		strings.Repeat("a", maxPath+1):         "is longer than 1024 characters",
		strings.Repeat("a.", MaxDepth+1) + "a": "has more than 64 steps",
	} {
		_, err := ParsePath(path)
		assert.EqualError(t, err, want, path)
	}
}

func TestPathPut(t *testing.T) {
	root := parsed(t, catalogue)
	before := decoded(t, root)
	put := func(path string) (*Node, error) {
		p, err := ParsePath(path)
		require.NoError(t, err)
		return p.Put(root, Text("new", Place{File: "v", Line: 9}))
	}
	for _, path := range []string{"spec.kubernetes", "spec.new.deep", "spec.empty.x", "spec.words[1]", "spec.list[name=foo].url", "spec.list[0].more.x", "other"} {
		out, err := put(path)
		require.NoError(t, err, path)
		p, err := ParsePath(path)
		require.NoError(t, err)
		got, err := p.Get(out)
		require.NoError(t, err, path)
		assert.Equal(t, "new", got.Value, path)
		assert.Equal(t, Place{File: "v", Line: 9}, got.Place)
	}
	for path, want := range map[string]string{
		"spec.words[2]":         "spec.words has 2 elements, so no [2]; the first is [0]",
		"spec.kubernetes.x":     "spec.kubernetes is a string, so it has no field x",
		"spec.new[0]":           "spec.new is nothing, so it has no element [0]",
		"spec.list[name=new].x": "no element of spec.list has name new; known: bar baz, foo, twice",
	} {
		_, err := put(path)
		assert.EqualError(t, err, want, path)
	}
	assert.Equal(t, before, decoded(t, root), "the tree was changed")
}

// Every path that is read is written as one that reads the same, and none panics.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"spec.a.b[0]", "{.spec.x}", `{.spec.list[?(@.name=="foo")].url}`, "a[name=foo].b", `a\.b`, `a["b.c"]`, "a.[x=y]", "$.a", "[0]", "a[b=c=d]", "[a=]",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := ParsePath(p.String())
		require.NoError(t, err, p.String())
		require.Equal(t, p, again)
		root := parsed(t, catalogue)
		value := Text("v", Place{})
		if out, err := p.Put(root, value); err == nil {
			if got, err := p.Get(out); err == nil {
				require.Equal(t, value, got)
			}
		}
	})
}
