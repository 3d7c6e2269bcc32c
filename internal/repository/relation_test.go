package repository

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseRelations(t *testing.T) {
	for _, test := range []struct {
		field string
		want  []Alternatives
	}{
		{"", nil},
		{"libc6", []Alternatives{{{Name: "libc6"}}}},
		{"libc6 (>= 2.36), perl:any", []Alternatives{
			{{Name: "libc6", Operator: ">=", Version: "2.36"}}, {{Name: "perl", Qualifier: "any"}},
		}},
		{"mawk|gawk (<<2),", []Alternatives{{{Name: "mawk"}, {Name: "gawk", Operator: "<<", Version: "2"}}}},
		{"a(=1:2~3-4+b1)", []Alternatives{{{Name: "a", Operator: "=", Version: "1:2~3-4+b1"}}}},
		{"a ( >> 1 ) [amd64 arm64]", []Alternatives{
			{{Name: "a", Operator: ">>", Version: "1", Architectures: []string{"amd64", "arm64"}}},
		}},
		{"a [!i386]", []Alternatives{{{Name: "a", Architectures: []string{"!i386"}}}}},
		{"python3:amd64 (< 4)", []Alternatives{{{Name: "python3", Qualifier: "amd64", Operator: "<=", Version: "4"}}}},
	} {
		got, err := ParseRelations(test.field)
		require.NoError(t, err, test.field)
		assert.Equal(t, test.want, got, test.field)
	}
}

func TestParseRelationsRefuses(t *testing.T) {
	for field, complaint := range map[string]string{
		"a (2)":      "none of the operators",
		"a (>= )":    "not a version",
		"a (>= 1":    "unexpected",
		"a |":        "not a package name",
		"a b":        "unexpected",
		"a:":         "not an architecture",
		"a []":       "empty architecture list",
		"${misc}":    "not a package name",
		"a (=> 1)":   "none of the operators",
		"a (= 1) x":  "unexpected",
		"a (= 1 2)":  "not a version",
		"-a":         "not a package name",
		"a, b (= )c": "not a version",
	} {
		_, err := ParseRelations(field)
		assert.ErrorContains(t, err, complaint, field)
	}
}

func TestRelationMatches(t *testing.T) {
	for _, test := range []struct {
		operator string
		matching []bool // for 1, 2 and 3
	}{
		{"<<", []bool{true, false, false}},
		{"<=", []bool{true, true, false}},
		{"=", []bool{false, true, false}},
		{">=", []bool{false, true, true}},
		{">>", []bool{false, false, true}},
		{"", []bool{true, true, true}},
	} {
		for i, version := range []string{"1", "2", "3"} {
			r := Relation{Name: "a", Operator: test.operator, Version: "2"}
			assert.Equal(t, test.matching[i], r.Matches(version), "%s %s 2", version, test.operator)
		}
	}
}

func TestRelationAppliesTo(t *testing.T) {
	only := Relation{Architectures: []string{"amd64", "arm64"}}
	not := Relation{Architectures: []string{"!i386", "!armhf"}}
	assert.True(t, only.AppliesTo("arm64"))
	assert.False(t, only.AppliesTo("i386"))
	assert.True(t, not.AppliesTo("arm64"))
	assert.False(t, not.AppliesTo("armhf"))
	assert.True(t, Relation{}.AppliesTo("amd64"))
	assert.True(t, Relation{Architectures: []string{"any"}}.AppliesTo("amd64"))
}

// What was parsed is written so that it is parsed the same again.
func FuzzParseRelations(f *testing.F) {
	for _, seed := range []string{"a", "a (>= 1) | b:any, c [!i386]", "a (", "a ()", ",,|", "a(=1)[amd64 arm64]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		terms, err := ParseRelations(field)
		if err != nil {
			return
		}
		for _, term := range terms {
			again, err := ParseRelations(term.String())
			require.NoError(t, err, term.String())
			assert.Equal(t, []Alternatives{term}, again)
		}
	})
}
