package site

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// image is a change as BareMetalHosts get it.
var newHostImage = under([]set{{key: "spec", index: -1}, {key: "image", index: -1}}, []set{
	text("url", "http://new/x.qcow2"), text("checksum", "12345678"), removed("checksumType"), text("format", "qcow2"),
})

func TestSplice(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"values keep their quotes, comments and neighbours": {
			`# about it
spec:   # spaces
    image:
        url:   "http://old"   # where
        # the sum
        checksum: 'old'
        checksumType: md5
        format: raw
    zone:  [ 1,2 ]
`,
			`# about it
spec:   # spaces
    image:
        url:   "http://new/x.qcow2"   # where
        # the sum
        checksum: '12345678'
        format: qcow2
    zone:  [ 1,2 ]
`,
		},
		"missing keys follow those before them": {
			"spec:\n  image:\n    # first\n    url: http://old # here\n    # last\n  online: true\n",
			"spec:\n  image:\n    # first\n    url: http://new/x.qcow2 # here\n    checksum: \"12345678\"\n    format: qcow2\n    # last\n  online: true\n",
		},
		"a missing mapping goes behind the last value, indented as the document is": {
			"spec:\n    bmc:\n        address: a\n        flags:\n        - x\n        - y: |\n            text\n\n    # nothing yet\nstatus: {}\n",
			"spec:\n    bmc:\n        address: a\n        flags:\n        - x\n        - y: |\n            text\n    image:\n        url: http://new/x.qcow2\n        checksum: \"12345678\"\n        format: qcow2\n\n    # nothing yet\nstatus: {}\n",
		},
		"no break at the end": {
			"spec:\n  online: true",
			"spec:\n  online: true\n  image:\n    url: http://new/x.qcow2\n    checksum: \"12345678\"\n    format: qcow2",
		},
		"breaks of Windows": {
			"spec:\r\n  image:\r\n    url: old\r\n    checksumType: md5\r\n",
			"spec:\r\n  image:\r\n    url: http://new/x.qcow2\r\n    checksum: \"12345678\"\r\n    format: qcow2\r\n",
		},
		"an empty value with a comment": {
			"spec:\n  image: # later\n  online: true\n",
			"spec:\n  image: # later\n    url: http://new/x.qcow2\n    checksum: \"12345678\"\n    format: qcow2\n  online: true\n",
		},
		"a null": {
			"spec:\n  image: ~ # later\n",
			"spec:\n  image: # later\n    url: http://new/x.qcow2\n    checksum: \"12345678\"\n    format: qcow2\n",
		},
		"empty texts": {
			"spec:\n  image:\n    url:\n    checksum: # none\n    format: ''\n",
			"spec:\n  image:\n    url: http://new/x.qcow2\n    checksum: \"12345678\" # none\n    format: 'qcow2'\n",
		},
		"on one line": {
			"spec: {online: true, image: {checksumType: md5, url: 'a', checksum: \"b\", }} # all\n",
			"spec: {online: true, image: {url: 'http://new/x.qcow2', checksum: \"12345678\", format: qcow2, }} # all\n",
		},
		"an empty mapping on one line": {
			"spec: {image: {}, online: true}\n",
			"spec: {image: {url: http://new/x.qcow2, checksum: \"12345678\", format: qcow2}, online: true}\n",
		},
		"JSON": {
			"{\"spec\": {\"image\": {\"url\": \"old\", \"checksumType\": \"md5\"}}}\n",
			"{\"spec\": {\"image\": {\"url\": \"http://new/x.qcow2\", checksum: \"12345678\", format: qcow2}}}\n",
		},
		"folded texts": {
			"spec:\n  image:\n    url: >-\n      http://a\n\n      b\n    checksum: plain\n      and more # words\n    format: \"do\\\n      uble\"\n  online: true\n",
			"spec:\n  image:\n    url: http://new/x.qcow2\n    checksum: \"12345678\" # words\n    format: \"qcow2\"\n  online: true\n",
		},
		"wide characters before it": {
			"spec: {name: \"ä€𝄞\", image: {url: ü, checksum: é}}\n",
			"spec: {name: \"ä€𝄞\", image: {url: http://new/x.qcow2, checksum: \"12345678\", format: qcow2}}\n",
		},
		"other documents": {
			"---\n# one\na: 1\n---\n---\nspec:\n  image: {url: x}\n...\n---\nspec:\n  image: {url: y}\n",
			"---\n# one\na: 1\n---\n---\nspec:\n  image: {url: http://new/x.qcow2, checksum: \"12345678\", format: qcow2}\n...\n---\nspec:\n  image: {url: y}\n",
		},
		"an alias of one value": {
			"old: &old http://old\nspec:\n  image:\n    url: *old\n",
			"old: &old http://old\nspec:\n  image:\n    url: http://new/x.qcow2\n    checksum: \"12345678\"\n    format: qcow2\n",
		},
		"a merge key": {
			"base: &base {checksum: x}\nspec:\n  image:\n    <<: *base\n    url: x\n",
			"base: &base {checksum: x}\nspec:\n  image:\n    <<: *base\n    url: http://new/x.qcow2\n    checksum: \"12345678\"\n    format: qcow2\n",
		},
		"nothing to do": {
			"spec: {image: {url: http://new/x.qcow2,   checksum: '12345678', format: \"qcow2\" } }\n",
			"spec: {image: {url: http://new/x.qcow2,   checksum: '12345678', format: \"qcow2\" } }\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			document := 0
			if strings.Contains(c.before, "# one") {
				document = 1
			}
			got, err := splice([]byte(c.before), map[int][]set{document: newHostImage})
			require.NoError(t, err)
			assert.Equal(t, c.after, string(got))
			again, err := splice(got, map[int][]set{document: newHostImage})
			require.NoError(t, err)
			assert.Equal(t, c.after, string(again), "a second time nothing changes")
		})
	}
}

func TestSpliceRefuses(t *testing.T) {
	for before, want := range map[string]string{
		"base: &image {url: x}\nspec:\n  image: *image\n": "line 3: is the alias *image, so what is changed in it changes elsewhere, too; write it out",
		"spec:\n  image:\n    url: &u x\nother: *u\n":     "line 3: has the anchor &u, so a change would show wherever it is used; write it out there",
		"spec:\n  image: text\n":                          "line 2: is a text; want a mapping here",
		"spec:\n  image:\n    url: [a]\n":                 "line 3: is no text; want one here",
		"spec:\n  - image\n":                              "line 2: is no mapping, so it takes no image",
	} {
		_, err := splice([]byte(before), map[int][]set{0: newHostImage})
		assert.EqualError(t, err, want, before)
	}
}

// Elements of lists: the text at an index, a key that is removed at the dash.
func TestSpliceLists(t *testing.T) {
	path := []set{{key: "list", index: -1}, {index: 1}}
	got, err := splice([]byte("list:\n- a\n- checksum: x\n  # why\n  url: y\n- {checksum: x}\n"), map[int][]set{0: under(path, []set{text("url", "z"), removed("checksum")})})
	require.NoError(t, err)
	assert.Equal(t, "list:\n- a\n- url: z\n- {checksum: x}\n", string(got))
	got, err = splice([]byte("list: [a,  b ,c]\n"), map[int][]set{0: scalarAt(path, "x, y", tagText)})
	require.NoError(t, err)
	assert.Equal(t, "list: [a,  \"x, y\" ,c]\n", string(got))
}

// Why texts are edited and no tree is printed: kyaml's printer changes lines that were not asked about.
func TestPrinterChangesLayout(t *testing.T) {
	before := "spec:\n    image:   {url: x}\n    list:\n    - a\n"
	node, err := kyaml.Parse(before)
	require.NoError(t, err)
	require.NoError(t, node.PipeE(kyaml.Lookup("spec", "image"), kyaml.SetField("url", kyaml.NewStringRNode("new"))))
	assert.NotEqual(t, strings.Replace(before, "url: x", "url: new", 1), node.MustString())
	got, err := splice([]byte(before), map[int][]set{0: under([]set{{key: "spec", index: -1}, {key: "image", index: -1}}, []set{text("url", "new")})})
	require.NoError(t, err)
	assert.Equal(t, strings.Replace(before, "url: x", "url: new", 1), string(got))
}

// Whatever the text is, it is refused or changed as a tree would be; and lines without the change stay.
func FuzzSplice(f *testing.F) {
	for _, seed := range []string{
		"spec:\n  image:\n    url: \"x\" # c\n    checksumType: md5\n", "spec: {image: {url: x, checksum: 'y'}}\n", "spec:\n- a\n",
		"spec:\n  image: |\n    x\n", "spec:\n  image:\n    url: >-\n      x\n\n# end\n", "a: &a {b: c}\nspec: *a\n", "spec:\n  image:\n",
		"{\"spec\":{\"image\":null}}", "? spec\n: image: {}\n", "---\nspec: !!map\n  image: !x {url: &u a, checksum: *u}\n", "\ufeffspec:\r\n  x: 1\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before, err := roots(data)
		if err != nil || len(before) == 0 || before[0].Kind != yaml.MappingNode {
			return
		}
		got, err := splice(data, map[int][]set{0: newHostImage})
		if err != nil {
			return
		}
		after, err := roots(got)
		require.NoError(t, err)
		require.Len(t, after, len(before))
		require.Nil(t, apply(before[0], newHostImage))
		for i := range before {
			require.True(t, alike(before[i], after[i]))
		}
		again, err := splice(got, map[int][]set{0: newHostImage})
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
	})
}
