package osconfig

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/document"
)

const testDocument = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata:
  name: control-plane
  annotations:
    last-applied: '{"password":"` + plantedHash + `"}'
spec:
  software:
    packages: [openssh-server, python3]
  osKernel:
    sysctl:
    - {name: kernel.panic, value: 3}
  users:
    user_management:
    - {name: deployer, shell: /bin/bash, password: ` + plantedHash + `}
`

func testProfile(t *testing.T, text string) *document.Profile {
	t.Helper()
	profile, err := document.Parse(t.Context(), text, "profile.yaml")
	require.NoError(t, err)
	return profile
}

func testFacts() Facts {
	return Facts{
		Plugin: "0.1.0",
		Packer: "1.16.0",
		Epoch:  testEpoch,
		Toolbox: Toolbox{
			Suite: "trixie", Digest: "aa11",
			Packages: map[string]string{"ansible-core": "2.19.11-0+deb13u1", "mmdebstrap": "1.5.7-1"},
		},
		Sources: []Source{{
			Name: "main", URI: "http://ftp.debian.org/debian", Suite: "bookworm",
			Components: []string{"main"}, Date: "2026-01-10T10:00:00Z",
		}},
		Packages: 172,
		Plan:     map[string]string{"rootfs": "bb22", "system": "cc33", "disk": "dd44", "output": "ee55"},
		Output:   "control-plane.qcow2",
	}
}

func TestMeta(t *testing.T) {
	files, err := Meta(testProfile(t, testDocument), testFacts())
	require.NoError(t, err)
	assert.Equal(t, []string{"airshipimage.yaml", "build.yaml", "nodeprofile.yaml", "vars.yaml"},
		slices.Sorted(maps.Keys(files)))
	for name, data := range files {
		assertNotContains(t, string(data), plantedHash)
		golden := filepath.Join("testdata", name)
		if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
			require.NoError(t, os.WriteFile(golden, data, 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(data), name)
	}
}

func TestProfileDigestTellsPasswordsApart(t *testing.T) {
	build := func(text string) string {
		files, err := Meta(testProfile(t, text), testFacts())
		require.NoError(t, err)
		return string(files["build.yaml"])
	}
	other := strings.ReplaceAll(testDocument, "plantedsalt", "anothersalt")
	assert.Equal(t, build(testDocument), build(testDocument))
	assert.NotEqual(t, build(testDocument), build(other))
}

// An image that was published once is built again as the same image.
func TestMetaIsNotOfItsPublication(t *testing.T) {
	profile := testProfile(t, testDocument)
	want, err := Meta(profile, testFacts())
	require.NoError(t, err)
	profile.Image.Spec.Publish.Registry = "registry.example.org/site/images"
	profile.Image.Status.URL = "oci://registry.example.org/site/images:v1"
	got, err := Meta(profile, testFacts())
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotEmpty(t, profile.Image.Status.URL, "the profile itself was changed")
}
