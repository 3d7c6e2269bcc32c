package tree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMerge(t *testing.T) {
	for _, test := range []struct{ base, over, want string }{
		{"{a: 1, b: {c: 2, d: 3}}", "{b: {c: 4}, e: 5}", "{a: 1, b: {c: 4, d: 3}, e: 5}"},
		{"{a: [1, 2]}", "{a: [3]}", "{a: [3]}"},
		{"{a: {b: 1}}", "{a: null}", "{a: {b: 1}}"},
		{"{a: {b: 1}}", "{a: x}", "{a: x}"},
		{"{a: x}", "{a: {b: 1}}", "{a: {b: 1}}"},
		{"{a: null}", "{a: 1}", "{a: 1}"},
		{"{}", "{a: 1}", "{a: 1}"},
	} {
		base, over := parsed(t, test.base), parsed(t, test.over)
		assert.Equal(t, decoded(t, parsed(t, test.want)), decoded(t, Merge(base, over)), "%s under %s", test.base, test.over)
		assert.Equal(t, decoded(t, parsed(t, test.base)), decoded(t, base), "the base was changed")
	}
	one := parsed(t, "{a: 1}")
	assert.Same(t, one, Merge(nil, one))
	assert.Same(t, one, Merge(one, nil))
	assert.Nil(t, Merge(nil, nil))
}

// What is merged keeps the places of whoever wrote it.
func TestMergePlaces(t *testing.T) {
	out := Merge(parsed(t, "a:\n  b: 1\n  c: 2\n"), parsed(t, "\n\n\n\na: {c: 3}"))
	assert.Equal(t, Place{File: "t.yaml", Line: 2, Column: 6, Field: "a.b"}, out.Get("a", "b").Place)
	assert.Equal(t, Place{File: "t.yaml", Line: 5, Column: 8, Field: "a.c"}, out.Get("a", "c").Place)
}

// Two mappings of many keys merge in the time that they add up to.
func TestMergeOfMany(t *testing.T) {
	var base, over strings.Builder
	const n = 20_000
	for i := range n {
		fmt.Fprintf(&base, "b%d: %d\n", i, i)
		fmt.Fprintf(&over, "o%d: %d\n", i, i)
	}
	out := Merge(parsed(t, base.String()), parsed(t, over.String()+"b7: new\n"))
	assert.Len(t, out.Content, 4*n)
	assert.Equal(t, "new", out.Get("b7").Value)
}

func TestAppend(t *testing.T) {
	list := func(text string) *Node { return parsed(t, "x: "+text).Get("x") }
	for _, test := range []struct{ list, added, want string }{
		{"[1]", "[2, 3]", "[1, 2, 3]"},
		{"null", "[2]", "[2]"},
		{"[1]", `"{{ more }}"`, `[1, "{{ more }}"]`},
		{`"{{ list }}"`, "[2]", `["{{ list }}", 2]`},
	} {
		out, ok := Append(list(test.list), list(test.added))
		require.True(t, ok)
		for _, element := range out.Content {
			if element.Tag == Splice {
				element.Tag = "!!str"
			}
		}
		assert.Equal(t, decoded(t, list(test.want)), decoded(t, out))
	}
	for _, test := range []struct{ list, added string }{{"{a: 1}", "[1]"}, {"[1]", "{a: 1}"}, {"5", "[1]"}, {"[1]", "null"}} {
		_, ok := Append(list(test.list), list(test.added))
		assert.False(t, ok, "%s and %s", test.list, test.added)
	}
}

func TestExclusive(t *testing.T) {
	var twice []string
	out := Exclusive(parsed(t, "{a: {x: 1, z: null}, l: [1]}"), parsed(t, "\na: {y: 2, x: 3, z: 4}\nl: [1]\nb: 5"), func(first, second *Node) {
		twice = append(twice, first.Place.String()+" "+second.Place.Field+" "+second.Place.String())
	})
	assert.Equal(t, decoded(t, parsed(t, "{a: {x: 1, y: 2, z: 4}, l: [1], b: 5}")), decoded(t, out))
	assert.Equal(t, []string{"t.yaml:1:6 a.x t.yaml:2:11", "t.yaml:1:22 l t.yaml:3:1"}, twice)
}

func TestUnder(t *testing.T) {
	root := parsed(t, "a: [{b: 1}]").Under("spec")
	assert.Equal(t, "spec", root.Place.Field)
	assert.Equal(t, "spec.a[0].b", root.Get("a").Content[0].Get("b").Place.Field)
	assert.Equal(t, "spec[0]", parsed(t, "[1]").Under("spec").Content[0].Place.Field)
}

func TestOf(t *testing.T) {
	at := Place{File: "cluster", Field: "spec"}
	n, err := Of(map[string]any{"a": []any{int64(1), "x", true, nil}}, at)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"a": []any{1, "x", true, nil}}, decoded(t, n))
	assert.Equal(t, Place{File: "cluster", Field: "spec.a[1]"}, n.Get("a").Content[1].Place)
}
