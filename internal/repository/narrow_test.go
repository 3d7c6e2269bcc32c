package repository_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// narrowed are the Packages files that are left of flat repositories with these worlds.
func narrowed(t *testing.T, roots string, worlds ...string) (texts []string) {
	t.Helper()
	var releases []*repository.Release
	for _, w := range worlds {
		releases = append(releases, release(t, w))
	}
	index, err := repository.NewIndex(releases...)
	require.NoError(t, err)
	s := server(t)
	for _, n := range index.Narrow(strings.Fields(roots)) {
		_, text := get(t, s.AddNarrowed(n).URI("127.0.0.1")+"/Packages", "")
		texts = append(texts, text)
	}
	return texts
}

// values are those of a field, in the order of the paragraphs.
func values(text, field string) (all []string) {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, field+": "); found {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}

func TestNarrow(t *testing.T) {
	for _, test := range []struct {
		name   string
		roots  string
		worlds []string
		want   string // NAME=VERSION, a bar between worlds
	}{
		{
			"what is needed, in a circle too", "a",
			[]string{world("a 1 Pre-Depends: b", "b 1 Depends: c", "c 1 Depends: a", "d 1 Depends: a")},
			"a=1 b=1 c=1",
		},
		{
			"what every image has", "",
			[]string{world("a 1 Essential: yes; Depends: d", "apt 1", "b 1 Priority: Required", "c 1 Essential: no; Priority: important", "d 1")},
			"a=1 apt=1 b=1 d=1",
		},
		{
			"what is essential or required in one version", "",
			[]string{world("a 1 Essential: yes", "b 1"), world("a 2", "b 2 Priority: required")},
			"a=1 b=1|a=2 b=2",
		},
		{
			"all alternatives", "a",
			[]string{world("a 1 Depends: x (>= 9) | y [i386]|z", "x 1", "y 1", "z 1")},
			"a=1 x=1 y=1 z=1",
		},
		{
			"all that provides a name, whatever the version", "a",
			[]string{world("a 1 Depends: v (>= 2), x", "p 1 Provides: v (= 1); Depends: q", "q 1", "r 1 Provides: u, v", "x 1", "y 1 Provides: x")},
			"a=1 p=1 q=1 r=1 x=1 y=1",
		},
		{
			"all versions, and what each needs", "a",
			[]string{world("a 1 Depends: x", "x 1", "y 1"), world("x 2"), world("a 2 Depends: y", "z 1")},
			"a=1 x=1 y=1|x=2|a=2",
		},
		{
			"no wishes", "a",
			[]string{world("a 1 Recommends: b; Suggests: c; Enhances: d; Conflicts: e; Breaks: f; Replaces: g",
				"b 1", "c 1", "d 1", "e 1", "f 1", "g 1", "h 1 Enhances: a; Important: yes; Protected: yes")},
			"a=1",
		},
		{
			"roots with versions, virtual and missing ones", "a=2 v nosuch b:amd64",
			[]string{world("a 1", "a 2", "b 1", "p 1 Provides: v (= 1)")},
			"a=1 a=2 p=1",
		},
		{
			"qualifiers", "a",
			[]string{world("a 1 Depends: perl:any, libc:i386 | x:native", "perl 1", "libc 1", "x 1", "p 1 Provides: perl:any")},
			"a=1 perl=1 libc=1 x=1 p=1",
		},
		{
			"capitals, which apt takes for small letters", "a",
			[]string{world("a 1 Depends: tool", "Tool 1 Depends: b", "b 1")},
			"a=1 Tool=1 b=1",
		},
		{
			"relations that cannot be parsed", "a",
			[]string{world("a 1 Depends: b (, c_? | d", "b 1", "d 1")},
			"a=1 b=1 d=1",
		},
		{
			"what a source has in a newer version only", "a",
			[]string{world("a 1 Source: src (5)", "src 5", "b 9 Source: src (5)", "c 1 Source: src (6)", "src 6", "a-dbg 7 Source: a")},
			"a=1 c=1 src=6",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var have []string
			for i, text := range narrowed(t, test.roots, test.worlds...) {
				names, versions := values(text, "Package"), values(text, "Version")
				if i == 0 {
					assert.Equal(t, "packer-plugin-airship-order", names[0])
					names, versions = names[1:], versions[1:]
				}
				var packages []string
				for j := range names {
					packages = append(packages, names[j]+"="+versions[j])
				}
				have = append(have, strings.Join(packages, " "))
			}
			assert.Equal(t, test.want, strings.Join(have, "|"))
		})
	}
}

// All that apt reads of a paragraph is kept, and a paragraph stays one.
func TestNarrowKeepsParagraphs(t *testing.T) {
	whole := "Package: a\nVersion: 1:2-3\nArchitecture: all\nFilename: pool/a.deb\nSize: 7\nSHA256: " + strings.Repeat("ab", 32) + "\n" +
		"Pre-Depends: a1\nDepends: a2, a2b\nProvides: a3 (= 1)\nMulti-Arch: foreign\nPriority: optional\nEssential: no\n" +
		"Conflicts: a4\nBreaks: a5\nRecommends: a6\nSuggests: a7\nReplaces: a8\nEnhances: a9\n" +
		"Source: s (4)\nSection: misc\nInstalled-Size: 5\nImportant: yes\nProtected: yes\nPhased-Update-Percentage: 10\n\n"
	text := narrowed(t, "a", strings.Replace(whole, " a2b\n", "\n a2b\nDescription: x\n y\nTag: z\n", 1)+paragraph("b", "1"))[0]
	_, text, _ = strings.Cut(text, "\n\n")
	assert.Equal(t, whole, text)
}

// The order in which apt 3.0 and 2.6 number packages, see TestNarrowedAnswers.
func TestNarrowTellsTheOrderOfNames(t *testing.T) {
	foreign := strings.Replace(paragraph("f", "1", "Depends: c"), "amd64", "arm64", 1) + "\n"
	for _, test := range []struct{ name, world, want string }{
		{"of paragraphs", world("b 1", "a 1", "x 1"), "b a apt"},
		{"of mentions by others", world("x 1 Depends: u, a:native | b", "y 1 Provides: c:amd64"), "a b y c apt"},
		{
			"of fields",
			world("x 1 Provides: i; Enhances: h; Replaces: g; Suggests: f; Recommends: e; Breaks: d; Conflicts: c; Depends: b; Pre-Depends: a"),
			"x a b c d e f g h i apt",
		},
		{"any is a name of its own", world("x 1 Depends: c:any", "a 1"), "a apt"},
		{"another architecture is a package of its own", world("x 1 Depends: c:i386", "a 1 Depends: c"), "a c apt"},
		{
			"which is enough for a conflict",
			world("x 1 Depends: c:i386; Conflicts: c, b", "y 1 Replaces: c", "a 1 Suggests: c"), "b a c apt",
		},
		{"and for what is provided for any", world("x 1 Depends: c:i386", "y 1 Multi-Arch: foreign; Provides: b, c", "a 1"), "y b a apt"},
		{"of a paragraph for another architecture", foreign + world("x 1 Conflicts: c, f", "a 1 Depends: f", "c 1"), "a f c apt"},
		{"nothing of a package that was seen before", world("x 1") + world("x 1 Depends: b", "a 1", "b 1"), "a b apt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := narrowed(t, "a b c d e f g h i", test.world+world("apt 1"))[0]
			assert.Equal(t, test.want, strings.ReplaceAll(values(text, "Suggests")[0], ",", ""))
		})
	}
}
