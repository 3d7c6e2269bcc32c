package resolution

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestChains(t *testing.T) {
	g := graph{needs: map[string][]need{
		"a": {{"b", "b"}, {"c", "c (>= 1)"}},
		"b": {{"c", "c"}, {"a", "a"}},
		"c": {{"d", "virtual | d"}},
		"e": {{"e", "e"}},
	}}
	last := "c needs virtual | d (here d)"
	assert.Equal(t, []chain{
		{"c", []string{last}},
		{"b", []string{"b needs c", last}},
		{"a", []string{"a needs c (>= 1)", last}},
	}, g.chains("d", []string{"b", "a=1", "c", "d", "e", "unknown"}))
	assert.Empty(t, g.chains("e", []string{"a", "e"}))
}
