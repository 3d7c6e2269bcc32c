package kustomization

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDigest(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"a: 0644", "a: 420", true},
		{"a: 1.0", "a: 1.00", true},
		{"a: true", "a: True", true},
		{"a: ~", "a:", true},
		{"{a: 1, b: [x]}", "b: ['x']\na: 1", true},
		{"a: 1", "a: '1'", false},
		{"a: [1, 2]", "a: [2, 1]", false},
		{"a: {b: 1}", "a: [b, 1]", false},
		{"{a: {b: 1}, c: {d: 2}}", "{a: {d: 2}, c: {b: 1}}", false},
		{"a: 9007199254740993", "a: 9007199254740992", false},
	} {
		d := newDigests()
		assert.Equal(t, c.same, d.of(parseOne(t, c.a)) == d.of(parseOne(t, c.b)), "%s and %s", c.a, c.b)
	}
}
