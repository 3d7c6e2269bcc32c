package sbom

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/package-url/packageurl-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func digestOf(digits string) string { return strings.Repeat(digits, 32) }

func planOf() plan.Plan {
	return plan.Plan{
		Profile: "node", Epoch: 1783760400, Plugin: "0.1.0", Action: "build-qcow",
		Target: plan.Target{Platform: "vm", Architecture: "amd64", Distribution: "debian", Suite: "bookworm"},
		RootFS: plan.RootFS{
			Base: &plan.Base{
				Digest:   "sha256:" + digestOf("ba"),
				Packages: []plan.BasePackage{{Name: "libc6", Version: "2.36-9+deb12u14", Architecture: "amd64"}, {Name: "passwd", Version: "1", Architecture: "amd64"}},
			},
			Sources: []plan.Source{
				{Name: "debian", URI: "http://archive.example/debian", Mirrored: true, Suite: "bookworm", Components: []string{"main"}},
				{Name: "vendor", URI: "https://user:hunter2@vendor.example/apt?token=hunter2", Suite: "stable/"},
			},
			Packages: []plan.Package{
				{Name: "passwd", Version: "1:4.13+dfsg1-1+b1", Architecture: "amd64", Source: "debian", Filename: "pool/main/s/shadow/passwd_4.13+dfsg1-1+b1_amd64.deb", Size: 1, SHA256: digestOf("ab")},
				{Name: "agent", Version: "2.0~rc1", Architecture: "all", Source: "vendor", Filename: "a b/agent.deb", Size: 1, SHA256: digestOf("cd")},
				{Name: "removed", Version: "1", Architecture: "all", Source: "debian", Filename: "pool/removed.deb", Size: 1, SHA256: digestOf("ef")},
			},
		},
		Variables: map[string]any{"users": "airship-secret:spec.users"},
		Outputs:   []plan.Output{{Name: "node.qcow2", Format: "qcow2"}},
	}
}

func contents() inventory.Inventory {
	return inventory.Inventory{
		System: inventory.System{ID: "debian", Version: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"},
		Packages: []inventory.Package{
			{Name: "added", Version: "3", Architecture: "all", Source: "added", SourceVersion: "3", Licences: []string{}},
			{Name: "agent", Version: "2.0~rc1", Architecture: "all", Source: "agent", SourceVersion: "2.0~rc1", Licences: []string{"MIT OR Apache-2.0"}},
			{Name: "libc6", Version: "2.36-9+deb12u14", Architecture: "amd64", Source: "glibc", SourceVersion: "2.36-9+deb12u14", Licences: []string{"LGPL-2.1-or-later"}},
			{
				Name: "passwd", Version: "1:4.13+dfsg1-1+b1", Architecture: "amd64", Source: "shadow", SourceVersion: "1:4.13+dfsg1-1",
				Licences: []string{"BSD-3-Clause", "GPL-1.0-or-later OR Artistic-1.0-Perl", "public-domain"},
			},
		},
	}
}

var image = Image{Name: "node.qcow2", Format: "qcow2", SHA256: digestOf("1a"), SHA512: digestOf("1b") + digestOf("1c")}

func TestDocument(t *testing.T) {
	text, err := Document(planOf(), contents(), image)
	require.NoError(t, err)
	golden(t, "node.cdx.json", string(text))
	assert.NotContains(t, string(text), "hunter2")
	assert.NotContains(t, string(text), "airship-secret", "variables are none of its matter")
	valid(t, text)
	again, err := Document(planOf(), contents(), image)
	require.NoError(t, err)
	assert.Equal(t, text, again)
}

// TestSerialNumber is another one for each document.
func TestSerialNumber(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*plan.Plan, *inventory.Inventory, *Image){
		"as it is":  func(*plan.Plan, *inventory.Inventory, *Image) {},
		"image":     func(_ *plan.Plan, _ *inventory.Inventory, i *Image) { i.SHA256 = digestOf("2a") },
		"format":    func(_ *plan.Plan, _ *inventory.Inventory, i *Image) { i.Format = "raw" },
		"a version": func(_ *plan.Plan, c *inventory.Inventory, _ *Image) { c.Packages[0].Version = "4" },
		"epoch":     func(p *plan.Plan, _ *inventory.Inventory, _ *Image) { p.Epoch++ },
	} {
		p, c, i := planOf(), contents(), image
		change(&p, &c, &i)
		text, err := Document(p, c, i)
		require.NoError(t, err)
		var document struct{ SerialNumber string }
		require.NoError(t, json.Unmarshal(text, &document))
		assert.Empty(t, seen[document.SerialNumber], "%s and %s", name, seen[document.SerialNumber])
		seen[document.SerialNumber] = name
	}
}

// TestLeast is a directory without a package, whose os-release says nothing.
func TestLeast(t *testing.T) {
	text, err := Document(plan.Plan{}, inventory.Inventory{}, Image{Name: "node", Format: "directory"})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hashes")
	valid(t, text)
}

func TestPackageURL(t *testing.T) {
	for _, c := range []struct{ name, version, architecture, want string }{
		{"sudo", "1.9.13p3-1+deb12u1", "amd64", "pkg:deb/debian/sudo@1.9.13p3-1%2Bdeb12u1?arch=amd64&distro=bookworm"},
		{"passwd", "1:4.13+dfsg1-1", "amd64", "pkg:deb/debian/passwd@1:4.13%2Bdfsg1-1?arch=amd64&distro=bookworm"},
		{"libstdc++6", "12~rc^1", "all", "pkg:deb/debian/libstdc%2B%2B6@12~rc%5E1?arch=all&distro=bookworm"},
	} {
		have := PackageURL("debian", "bookworm", c.name, c.version, c.architecture)
		assert.Equal(t, c.want, have)
		parsed, err := packageurl.FromString(have)
		require.NoError(t, err)
		assert.Equal(t, c.name, parsed.Name)
		assert.Equal(t, c.version, parsed.Version)
	}
}

func TestAddress(t *testing.T) {
	for uri, want := range map[string]string{
		"http://archive.example/debian/":                     "http://archive.example/debian",
		"https://user:hunter2@vendor.example:8443/a b?t=x#y": "https://vendor.example:8443/a%20b",
		"file:///srv/apt":                                    "file:///srv/apt",
		"user:hunter2":                                       "",
		"https://user:hunter2@%zz":                           "",
		"":                                                   "",
	} {
		assert.Equal(t, want, Address(uri), uri)
	}
}

// golden compares text with testdata/name; AIRSHIP_UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}
