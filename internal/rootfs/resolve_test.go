package rootfs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

var mirrors = Mirrors{"debian": "http://127.0.0.1:80/token/0", "flat": "http://127.0.0.1:80/token/1"}

func TestParseURIs(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	have, err := parseURIs(strings.Join([]string{
		`'http://127.0.0.1:80/token/1/./kubelet_1.30.deb' kubelet_1.30-1.1_amd64.deb 19 SHA256:` + hash,
		`'http://127.0.0.1:80/token/0/pool/main/l/login/login_4.13%2bdfsg1-1_amd64.deb' login_1%3a4.13+dfsg1-1_amd64.deb 617572 SHA256:` + hash,
		"",
	}, "\n"), mirrors)
	require.NoError(t, err)
	assert.Equal(t, []plan.Package{
		{
			Name: "kubelet", Version: "1.30-1.1", Architecture: "amd64", Source: "flat",
			Filename: "kubelet_1.30.deb", Size: 19, SHA256: hash,
		},
		{
			Name: "login", Version: "1:4.13+dfsg1-1", Architecture: "amd64", Source: "debian",
			Filename: "pool/main/l/login/login_4.13+dfsg1-1_amd64.deb", Size: 617572, SHA256: hash,
		},
	}, have)
}

func TestParseURIsRefuses(t *testing.T) {
	hash := "SHA256:" + strings.Repeat("ab", 32)
	for name, line := range map[string]string{
		"weak hash":      "'http://127.0.0.1:80/token/0/a' a_1_all.deb 1 MD5Sum:00",
		"no hash":        "'http://127.0.0.1:80/token/0/a' a_1_all.deb 1",
		"no size":        "'http://127.0.0.1:80/token/0/a' a_1_all.deb x " + hash,
		"no version":     "'http://127.0.0.1:80/token/0/a' a.deb 1 " + hash,
		"foreign source": "'http://elsewhere.example/a' a_1_all.deb 1 " + hash,
		"short hash":     "'http://127.0.0.1:80/token/0/a' a_1_all.deb 1 SHA256:00",
	} {
		_, err := parseURIs(line, mirrors)
		assert.ErrorContains(t, err, "read apt's answer", name)
	}
}

func FuzzParseURIs(f *testing.F) {
	f.Add("'http://127.0.0.1:80/token/0/a' a_1_all.deb 1 SHA256:" + strings.Repeat("00", 32))
	f.Add("'' _ _ _")
	f.Fuzz(func(t *testing.T, text string) {
		packages, err := parseURIs(text, mirrors)
		if err != nil {
			return
		}
		for _, p := range packages {
			require.NotEmpty(t, p.Filename)
			require.Len(t, p.SHA256, 64)
			require.Positive(t, p.Size)
		}
	})
}

func TestPreferences(t *testing.T) {
	assert.Empty(t, Preferences(nil))
	assert.Equal(t, "Package: a b\nPin: release *\nPin-Priority: -1\n", Preferences([]string{"a", "b"}))
}

func TestSourceFiles(t *testing.T) {
	target := plan.Target{Distribution: "debian"}
	debian := plan.Source{Name: "debian", URI: "http://a.example/debian", Suite: "bookworm", Components: []string{"main"}, Register: true}
	vendor := plan.Source{Name: "vendor", URI: "http://v.example", Suite: "/", Keyring: "-----BEGIN", Register: true}
	once := plan.Source{Name: "once", URI: "http://o.example", Suite: "/", Keyring: "-----BEGIN"}
	assert.Equal(t, map[string]string{
		"/etc/apt/sources.list.d/debian.sources":    aptSource(target, debian),
		"/etc/apt/sources.list.d/vendor.sources":    aptSource(target, vendor),
		"/etc/apt/keyrings/vendor.asc":              "-----BEGIN",
		"/etc/apt/preferences.d/airship-unapproved": Preferences([]string{"a"}),
	}, SourceFiles(target, []plan.Source{debian, once, vendor}, []string{"a"}))
	assert.Empty(t, SourceFiles(target, []plan.Source{once}, nil))
}

func TestDiverted(t *testing.T) {
	p := plan.Plan{RootFS: plan.RootFS{Packages: []plan.Package{
		{Name: "initramfs-tools"}, {Name: "python3-minimal"}, {Name: "python3.11-minimal"}, {Name: "python3.11"}, {Name: "vim"},
	}}}
	assert.Equal(t, []string{"/usr/sbin/update-initramfs", "/usr/bin/py3compile", "/usr/lib/python3.11/py_compile.py"}, diverted(p))
}

func TestAptSource(t *testing.T) {
	target := plan.Target{Distribution: "debian"}
	assert.Equal(t, "Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main contrib\n"+
		"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
		aptSource(target, plan.Source{Name: "d", URI: "http://a.example/debian", Suite: "bookworm", Components: []string{"main", "contrib"}}))
	assert.Equal(t, "Types: deb\nURIs: http://k.example\nSuites: /\nSigned-By: /etc/apt/keyrings/k8s.asc\n",
		aptSource(target, plan.Source{Name: "k8s", URI: "http://k.example", Suite: "/", Keyring: "-----BEGIN"}))
}
