package repository_test

import (
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

// release is a flat repository with these paragraphs, as Update gives it.
func release(t *testing.T, packages string) *repository.Release {
	t.Helper()
	key := signer(t)
	s := repositorytest.Suite{
		Name: "/", Packages: map[string]string{"": packages}, Extensions: []string{""},
		Signers: []*openpgp.Entity{key},
	}
	_, uri := serve(t, s.Files(t))
	r, err := update(t, repository.Source{Name: "test", URI: uri, Suite: "/", Keyring: repositorytest.Keyring(t, key)})
	require.NoError(t, err)
	return r
}

// world is a Packages file from lines NAME VERSION [FIELD: VALUE; …].
func world(lines ...string) string {
	var all strings.Builder
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		version, fields, _ := strings.Cut(rest, " ")
		all.WriteString(paragraph(name, version, strings.Split(fields, "; ")...))
		all.WriteString("\n")
	}
	return strings.ReplaceAll(all.String(), "\n\n\n", "\n\n")
}

func closure(t *testing.T, roots string, worlds ...string) ([]string, error) {
	t.Helper()
	var releases []*repository.Release
	for _, w := range worlds {
		releases = append(releases, release(t, w))
	}
	index, err := repository.NewIndex(releases...)
	require.NoError(t, err)
	packages, err := repository.Closure(index, strings.Fields(roots))
	var found []string
	for _, p := range packages {
		found = append(found, p.Name+"="+p.Version)
	}
	return found, err
}

func TestClosure(t *testing.T) {
	for _, test := range []struct {
		name   string
		worlds []string
		roots  string
		want   string
	}{
		{
			"Depends and Pre-Depends, in a circle too",
			[]string{world("a 1 Depends: b, c", "b 1 Pre-Depends: d", "c 1 Depends: a", "d 1", "e 1")},
			"a", "a=1 b=1 c=1 d=1",
		},
		{
			"the first alternative",
			[]string{world("a 1 Depends: x | y", "x 1", "y 1")},
			"a", "a=1 x=1",
		},
		{
			"an alternative that is chosen already",
			[]string{world("a 1 Depends: x | y", "x 1", "y 1")},
			"a y", "a=1 y=1",
		},
		{
			"an alternative that exists",
			[]string{world("a 1 Depends: x | y", "y 1")},
			"a", "a=1 y=1",
		},
		{
			"an alternative whose version fits",
			[]string{world("a 1 Depends: x (>= 2) | y", "x 1", "y 1")},
			"a", "a=1 y=1",
		},
		{
			"an alternative whose own needs can be met",
			[]string{world("a 1 Depends: x | y", "x 1 Depends: z", "z 1 Depends: nothing", "y 1")},
			"a", "a=1 y=1",
		},
		{
			"the newest version",
			[]string{world("a 1 Depends: x", "x 1:1"), world("x 2", "x 1:2")},
			"a", "a=1 x=1:2",
		},
		{
			"the newest version that fits",
			[]string{world("a 1 Depends: x (<< 3)", "x 1", "x 2", "x 3")},
			"a", "a=1 x=2",
		},
		{
			"a root's version",
			[]string{world("a 1", "a 2")},
			"a=1", "a=1",
		},
		{
			"an older version where the newest cannot be installed",
			[]string{world("a 1", "a 2 Depends: nothing")},
			"a", "a=1",
		},
		{
			"Provides, by priority and then by name",
			[]string{world("a 1 Depends: mta", "z 1 Provides: mta; Priority: important",
				"b 1 Provides: mta; Priority: optional", "c 1 Provides: mta; Priority: important")},
			"a", "a=1 c=1",
		},
		{
			"Provides of something chosen",
			[]string{world("a 1 Depends: awk", "b 1 Provides: awk", "z 1 Provides: x, awk (= 3)")},
			"a z", "a=1 z=1",
		},
		{
			"Provides with a version",
			[]string{world("a 1 Depends: lib (>= 2)", "b 9 Provides: lib", "c 1 Provides: lib (= 1)", "d 1 Provides: lib (= 2)")},
			"a", "a=1 d=1",
		},
		{
			"a provision without a version that is chosen already",
			[]string{world("a 1 Depends: lib (>= 2)", "b 9 Provides: lib", "d 1 Provides: lib (= 2)")},
			"a b", "a=1 b=9 d=1",
		},
		{
			"a package before those that provide its name",
			[]string{world("a 1 Depends: x", "b 1 Provides: x; Priority: required", "x 1")},
			"a", "a=1 x=1",
		},
		{
			"qualifiers and architecture lists",
			[]string{world("a 1 Depends: perl:any, x [i386], libc:amd64 | y, q:i386 | y", "perl 5", "libc 2", "x 1", "y 1", "q 1")},
			"a", "a=1 libc=2 perl=5 y=1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 3 {
				got, err := closure(t, test.roots, test.worlds...)
				require.NoError(t, err)
				assert.Equal(t, test.want, strings.Join(got, " "))
			}
		})
	}
}

func TestClosureSaysWhatCannotBeHad(t *testing.T) {
	w := world(
		"squashfs-tools 4", "broken 1 Depends: middle", "middle 1 Depends: libx (>= 2)", "libx 1",
		"gone 1 Depends: nowhere", "provider 1 Provides: awk", "malformed 1 Depends: a (2)",
		"picky 1 Depends: squashfs-tools (<< 4)",
	)
	_, err := closure(t, "squashfs-toolz broken gone awk squashfs-tools=5 squashfs-tools malformed zzzzzzzz picky", w)
	var many *multierror.Error
	require.ErrorAs(t, err, &many)
	assert.Len(t, many.Errors, 8)
	for _, text := range []string{
		"package squashfs-toolz: no source has a package of that name; did you mean squashfs-tools?",
		"package broken: it needs middle: it needs libx (>= 2): the sources have 1",
		"package gone: it needs nowhere: no source has a package of that name",
		"package awk: it is a virtual package; name one that provides it: provider",
		"package squashfs-tools=5: version 4 of it is needed for another package",
		"package malformed: malformed=1 has a malformed relation \"a (2)\"",
		"package picky: it needs squashfs-tools (<< 4): version 4 of it is needed",
	} {
		assert.ErrorContains(t, err, text)
	}
	assert.NotContains(t, err.Error(), "zzzzzzzz: no source has a package of that name; did you mean")
}

func TestClosureHasOneVersionOfAPackage(t *testing.T) {
	_, err := closure(t, "x picky", world("x 1", "x 3", "picky 1 Depends: x (<< 3)"))
	assert.ErrorContains(t, err, "package picky: it needs x (<< 3): version 3 of it is needed for another package")
}

func TestIndexRefusesWhatCannotBeVerified(t *testing.T) {
	for complaint, w := range map[string]string{
		"SHA256 is":         "Package: a\nVersion: 1\nArchitecture: amd64\nFilename: a.deb\nSize: 1\n",
		"Size is \"x\"":     strings.Replace(paragraph("a", "1"), "Size: 1", "Size: x", 1),
		"not a path inside": strings.Replace(paragraph("a", "1"), "Filename: pool", "Filename: ../..", 1),
		"lacks a valid":     strings.Replace(paragraph("a", "1"), "Version: 1\n", "", 1),
	} {
		_, err := closure(t, "a", w)
		assert.ErrorContains(t, err, complaint)
		assert.ErrorContains(t, err, "source test")
	}
}

func TestEssential(t *testing.T) {
	index, err := repository.NewIndex(release(t, world("b 1 Essential: yes", "a 1 Essential: yes", "c 1 Essential: no", "b 2 Essential: yes")))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, index.Essential())
}
