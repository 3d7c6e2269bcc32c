package repository_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

func TestServerServesANarrowedRelease(t *testing.T) {
	key := signer(t)
	published := suite(key)
	published.ByHash, published.Date = true, time.Date(2026, 7, 1, 9, 16, 37, 0, time.UTC)
	published.ValidUntil = now.Add(time.Hour)
	published.All = map[string]string{"main": paragraph("c", "3")}
	published.More = "Label: L\nVersion: 1.2\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nDescription: D\nNo-Support-for-Architecture-all: Contents\nSigned-By: 00\nMD5Sum:\n x 1 y\n"
	_, uri := serve(t, published.Files(t))
	r, err := update(t, source(uri, repositorytest.Keyring(t, key)))
	require.NoError(t, err)
	index, err := repository.NewIndex(r)
	require.NoError(t, err)
	mount := server(t).AddNarrowed(index.Narrow([]string{"c"})[0])
	assert.Equal(t, "trixie", mount.Suite)
	assert.Equal(t, []string{"main", "contrib"}, mount.Components)

	dists := mount.URI("127.0.0.1") + "/dists/trixie/"
	listed := ""
	for _, test := range []struct{ file, packages string }{
		{"main/binary-amd64/Packages", "packer-plugin-airship-order"},
		{"main/binary-all/Packages", "c"},
		{"contrib/binary-amd64/Packages", ""},
	} {
		code, text := get(t, dists+test.file, "")
		assert.Equal(t, http.StatusOK, code, test.file)
		assert.Equal(t, test.packages, strings.Join(values(text, "Package"), " "), test.file)
		listed += fmt.Sprintf(" %x %d %s\n", sha256.Sum256([]byte(text)), len(text), test.file)
	}
	_, text := get(t, dists+"Release", "")
	assert.Equal(t, "Origin: Test\nLabel: L\nSuite: stable\nCodename: trixie\nVersion: 1.2\nDate: Wed, 01 Jul 2026 09:16:37 UTC\n"+
		"Architectures: all amd64\nComponents: contrib main\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nNo-Support-for-Architecture-all: Contents\nSHA256:\n"+listed, text)
	code, _ := get(t, dists+"InRelease", "")
	assert.Equal(t, http.StatusNotFound, code, "it would not fit")
}

// apt answers the same whether it reads all packages or those that are left.
func TestNarrowedAnswers(t *testing.T) {
	aptGet, err := exec.LookPath("apt-get")
	require.NoError(t, err, "this test needs apt")
	const base = "base apt"
	for _, test := range []struct {
		name    string
		suites  []repositorytest.Suite // main of each
		pins    string
		request string
		want    string // besides the base; an error where it starts with E:
	}{
		{
			name:    "alternatives",
			suites:  suites(world("a 1 Depends: x (>= 2) | y | z", "b 1 Depends: y | z; Conflicts: y", "x 1", "y 1", "z 1", "apt 1", "base 1 Essential: yes")),
			request: "a b", want: "a b z",
		},
		{
			name: "providers by priority",
			suites: suites(world("a 1 Depends: mta", "apt 1", "base 1 Priority: required", "exim 1 Provides: mta; Priority: standard",
				"postfix 1 Provides: mta; Priority: optional", "sendmail 1 Provides: mta; Priority: optional")),
			request: "a", want: "a exim",
		},
		{
			name: "providers of equal rank",
			suites: suites(world("a 1 Depends: mta", "apt 1", "base 1 Priority: required", "p 1 Provides: mta", "q 1 Provides: mta",
				"r 1 Provides: mta")),
			request: "a", want: "a r",
		},
		{
			name: "providers of equal rank that what is left out mentions",
			suites: suites(world("0 1 Suggests: r, p", "a 1 Depends: mta", "apt 1", "base 1 Priority: required", "p 1 Provides: mta",
				"q 1 Provides: mta", "r 1 Provides: mta")),
			request: "a", want: "a q",
		},
		{
			name: "providers of equal rank that are mentioned in ways that do not count",
			suites: suites(world("0 1 Depends: r:i386, q:any; Conflicts: r", "a 1 Depends: mta", "apt 1", "base 1 Priority: required",
				"p 1 Provides: mta", "q 1 Provides: mta", "r 1 Provides: mta")),
			request: "a", want: "a r",
		},
		{
			name: "provisions with versions",
			suites: suites(world("a 1 Depends: lib (>= 2)", "apt 1", "base 1 Essential: yes", "l1 9 Provides: lib", "l2 9 Provides: lib (= 1)",
				"l3 1 Provides: lib (= 2)")),
			request: "a", want: "a l3",
		},
		{
			name: "several suites",
			suites: suites(world("a 1 Depends: x (<< 3)", "apt 1", "base 1 Essential: yes", "x 1", "x 2"),
				world("x 3 Depends: y", "y 1"), world("a 2 Depends: x (>= 3), z", "z 1")),
			request: "a", want: "a=2 x=3 y z",
		},
		{
			name:    "a version",
			suites:  suites(world("a 1 Depends: x", "a 2 Depends: y", "apt 1", "base 1 Essential: yes", "x 1", "y 1")),
			request: "a=1", want: "a=1 x",
		},
		{
			name: "a suite that is not automatic",
			suites: append(suites(world("a 1", "apt 1", "base 1 Essential: yes")),
				repositorytest.Suite{Name: "backports", Packages: map[string]string{"main": world("a 2", "b 1 Depends: a")}, More: "NotAutomatic: yes\n"}),
			request: "b", want: "a b",
		},
		{
			name: "pins",
			suites: append(suites(world("a 1", "apt 1", "base 1 Essential: yes", "p 1 Provides: v", "q 1 Provides: v"), world("a 2 Depends: v")),
				repositorytest.Suite{Name: "third", Packages: map[string]string{"main": world("a 9")}, More: "Label: odd\n"}),
			pins:    "Package: p\nPin: release *\nPin-Priority: -1\n\nPackage: *\nPin: release l=odd, v=7\nPin-Priority: 1\n\nPackage: *\nPin: release l=odd\nPin-Priority: -1\n",
			request: "a", want: "a=2 q",
		},
		{
			name: "packages for all architectures apart",
			suites: []repositorytest.Suite{{
				Name: "s0", Packages: map[string]string{"main": world("a 1 Depends: b", "apt 1", "base 1 Essential: yes")},
				All: map[string]string{"main": strings.ReplaceAll(world("b 2", "c 1"), "amd64", "all")},
			}},
			request: "a", want: "a b",
		},
		{
			name:    "a virtual package with one provider",
			suites:  suites(world("a 1 Provides: v", "apt 1", "base 1 Essential: yes")),
			request: "v", want: "a",
		},
		{
			name:    "a virtual package",
			suites:  suites(world("a 1 Provides: v", "apt 1", "b 1 Provides: v", "base 1 Essential: yes")),
			request: "v", want: "E: Package 'v' has no installation candidate",
		},
		{
			name:    "a missing package",
			suites:  suites(world("apt 1", "base 1 Essential: yes", "v1 1")),
			request: "v", want: "E: Unable to locate package v",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole, narrow := bothSources(t, test.suites)
			var answers []string
			for _, sources := range []string{whole, narrow(strings.Fields(test.request))} {
				a := newApt(t, aptGet, sources)
				require.NoError(t, os.WriteFile(filepath.Join(a.root, "etc/apt/preferences.d/pins"), []byte(test.pins), 0o644))
				a.run(t, "update")
				answers = append(answers, a.ask(t, test.request))
			}
			assert.Equal(t, answers[0], answers[1])
			if strings.HasPrefix(test.want, "E: ") {
				assert.Equal(t, test.want, answers[1])
				return
			}
			for _, wanted := range strings.Fields(base + " " + test.want) {
				name, version, _ := strings.Cut(wanted, "=")
				assert.Contains(t, answers[1], "Inst "+name+" ("+version)
			}
			assert.Len(t, strings.Split(answers[1], "\n"), len(strings.Fields(base+" "+test.want)), answers[1])
		})
	}
}

func suites(worlds ...string) (all []repositorytest.Suite) {
	for i, w := range worlds {
		all = append(all, repositorytest.Suite{Name: fmt.Sprintf("s%d", i), Packages: map[string]string{"main": w}})
	}
	return all
}

// bothSources publishes suites and gives apt's sources for all of them and, by what is asked for, for what
// is left.
func bothSources(t *testing.T, suites []repositorytest.Suite) (whole string, narrow func(roots []string) string) {
	t.Helper()
	key := signer(t)
	keyring := filepath.Join(t.TempDir(), "key.gpg")
	require.NoError(t, os.WriteFile(keyring, repositorytest.Keyring(t, key), 0o644))
	var releases []*repository.Release
	for _, s := range suites {
		s.Signers = append(s.Signers, key)
		_, uri := serve(t, s.Files(t))
		r, err := update(t, repository.Source{Name: s.Name, URI: uri, Suite: s.Name, Components: []string{"main"}, Keyring: repositorytest.Keyring(t, key)})
		require.NoError(t, err)
		releases = append(releases, r)
		whole += fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, uri, s.Name)
	}
	index, err := repository.NewIndex(releases...)
	require.NoError(t, err)
	return whole, func(roots []string) (sources string) {
		s := server(t)
		for _, n := range index.Narrow(roots) {
			mount := s.AddNarrowed(n)
			sources += fmt.Sprintf("deb [trusted=yes] %s %s main\n", mount.URI("127.0.0.1"), mount.Suite)
		}
		return sources
	}
}

// ask is what apt would install, or its first error.
func (a apt) ask(t *testing.T, request string) string {
	t.Helper()
	args := append([]string{
		"-qs", "-o", "APT::Install-Recommends=false", "-o", "APT::Cmd::Pattern-Only=true", "install", "--",
		"?essential", "?priority(required)", "apt",
	}, strings.Fields(request)...)
	command := exec.CommandContext(t.Context(), a.program, args...)
	command.Env = append(os.Environ(), "LC_ALL=C", "APT_CONFIG="+filepath.Join(a.root, "apt.conf"))
	out, err := command.CombinedOutput()
	var answer []string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if err != nil && strings.HasPrefix(line, "E: ") {
			return line
		}
		if strings.HasPrefix(line, "Inst ") {
			answer = append(answer, line)
		}
	}
	require.NoError(t, err, "%s", out)
	slices.Sort(answer)
	return strings.Join(answer, "\n")
}
