package repository

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const vendorSource = `Types: deb
URIs: https://vendor.example/stable/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/vendor.gpg
`

func TestHostMirrors(t *testing.T) {
	for _, test := range []struct {
		name         string
		files        map[string]string
		distribution string
		want         Mirrors
	}{
		{"nothing", nil, Debian, Mirrors{}},
		{
			"one-line format",
			map[string]string{"etc/apt/sources.list": "# comment\n" +
				"deb-src http://source.example/debian bookworm main\n" +
				"deb cdrom:[Debian 12]/ bookworm main\n" +
				"deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]\thttp://m.example/debian/ bookworm main contrib # near\n" +
				"deb http://s.example/debian-security bookworm-security main\n"},
			Debian,
			Mirrors{Main: "http://m.example/debian", Security: "http://s.example/debian-security"},
		},
		{
			"deb822 format, several URIs, continued lines",
			map[string]string{"etc/apt/sources.list.d/debian.sources": "Types: deb deb-src\nURIs: ftp://f.example/debian\n http://m.example/pub/debian\n" +
				"Suites: trixie\n# a comment\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.pgp\n\n" +
				"Types: deb\nURIs: http://m.example/debian-security/\nSuites: trixie-security\nComponents: main\n"},
			Debian,
			Mirrors{Main: "http://m.example/pub/debian", Security: "http://m.example/debian-security"},
		},
		{
			"disabled and source entries",
			map[string]string{
				"etc/apt/sources.list.d/a.sources": "Enabled: no\nTypes: deb\nURIs: http://a.example/debian\nSuites: x\nComponents: main\n",
				"etc/apt/sources.list.d/b.sources": "Types: deb-src\nURIs: http://b.example/debian\nSuites: x\nComponents: main\n",
			},
			Debian,
			Mirrors{},
		},
		{
			"a vendor's repository is not the distribution's",
			map[string]string{
				"etc/apt/sources.list.d/a-vendor.sources": vendorSource,
				"etc/apt/sources.list.d/a-old.list":       "deb https://old.example/stable/debian bookworm main\ndeb https://dock.example/debian bookworm stable\n",
				"etc/apt/sources.list.d/debian.list":      "deb http://m.example/debian bookworm main\n",
			},
			Debian,
			Mirrors{Main: "http://m.example/debian"},
		},
		{"a vendor's alone", map[string]string{"etc/apt/sources.list.d/v.sources": vendorSource}, Debian, Mirrors{}},
		{
			"a mirror list",
			map[string]string{
				"etc/apt/sources.list":           "deb mirror+file:///etc/apt/mirrors/debian.list bookworm main\n",
				"etc/apt/mirrors/debian.list":    "# near\nhttps://m.example/debian priority:1\n",
				"etc/apt/sources.list.d/e.list":  "deb mirror+file:/nowhere bookworm main",
				"etc/apt/sources.list.d/bad.txt": "deb http://no.example/debian bookworm main",
			},
			Debian,
			Mirrors{Main: "https://m.example/debian"},
		},
		{
			"another distribution",
			map[string]string{"etc/apt/sources.list": "deb http://m.example/ubuntu noble main universe\ndeb http://m.example/debian x main\n"},
			Ubuntu,
			Mirrors{Main: "http://m.example/ubuntu"},
		},
		{
			"what cannot be parsed is passed over",
			map[string]string{"etc/apt/sources.list": "deb [\nnonsense\ndeb http://m.example/debian bookworm main\n"},
			Debian,
			Mirrors{Main: "http://m.example/debian"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range test.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			assert.Equal(t, test.want, HostMirrors(root, test.distribution))
		})
	}
}

func TestChooseMirrors(t *testing.T) {
	host := Mirrors{Main: "http://host.example/debian", Security: "http://host.example/debian-security"}
	for _, test := range []struct {
		distribution, given, environment string
		host                             Mirrors
		main, security, origin           string
	}{
		{Debian, "http://given.example/debian/", "http://env.example/debian", host, "http://given.example/debian", host.Security, "mirror"},
		{Debian, "", "http://env.example/debian", host, "http://env.example/debian", host.Security, MirrorVariable},
		{Debian, "", "", host, host.Main, host.Security, "apt sources"},
		{Debian, "", "", Mirrors{}, "http://ftp.debian.org/debian", "http://security.debian.org/debian-security", "alias"},
		{Ubuntu, "", "http://env.example/ubuntu", Mirrors{}, "http://env.example/ubuntu", "http://env.example/ubuntu", MirrorVariable},
	} {
		got, err := ChooseMirrors(test.distribution, test.given, test.environment, test.host)
		require.NoError(t, err)
		assert.Equal(t, test.main, got.Main)
		assert.Equal(t, test.security, got.Security)
		assert.Contains(t, got.Origin, test.origin)
	}
	_, err := ChooseMirrors(Ubuntu, "", "", Mirrors{})
	assert.ErrorContains(t, err, "set mirror")
	_, err = ChooseMirrors(Debian, "m.example/debian", "", Mirrors{})
	assert.ErrorContains(t, err, "mirror is not an absolute URL")
}

func FuzzParseAptSources(f *testing.F) {
	f.Add("a.list", "deb [signed-by=/k.gpg arch=amd64] http://m.example/debian trixie main # c\n")
	f.Add("a.sources", vendorSource)
	f.Add("a.sources", " continued\n\nx")
	f.Fuzz(func(t *testing.T, name, text string) {
		all, _ := parseAptSources(name, text)
		for _, s := range all {
			assert.NotEmpty(t, s.uri)
		}
		mirrorsOf(all, Debian)
	})
}
