package repository

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

func TestTerms(t *testing.T) {
	for field, want := range map[string]string{
		"":                                   "",
		"a":                                  "a/",
		"a (>= 1:2), b|c (<< 3) [amd64], d ": "a/ b/ c/ d/",
		" , a:any,,b:i386 (= 1) <!nocheck> ": "a/any b/i386",
		"a(>=1)\t|\tb":                       "a/ b/",
		"odd_Name?:x:y":                      "odd_Name?:x/y",
	} {
		var have []string
		for r := range terms(field) {
			have = append(have, r.name+"/"+r.qualifier)
		}
		assert.Equal(t, want, strings.Join(have, " "), field)
	}
}

// What can be parsed is found, in its order.
func FuzzTerms(f *testing.F) {
	f.Add("a (>= 1), b:any | c [amd64]")
	f.Add(",|(:")
	f.Fuzz(func(t *testing.T, field string) {
		if strings.ContainsFunc(field, func(r rune) bool { return r > unicode.MaxASCII }) {
			return // ParseRelations knows more kinds of space
		}
		var have, want []string
		for r := range terms(field) {
			have = append(have, r.name+":"+r.qualifier)
		}
		all, err := ParseRelations(field)
		if err != nil {
			return
		}
		for _, either := range all {
			for _, r := range either {
				want = append(want, r.Name+":"+r.Qualifier)
			}
		}
		assert.Equal(t, want, have)
	})
}
