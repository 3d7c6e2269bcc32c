package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

const secretHost = `apiVersion: metal3.io/v1alpha1
kind: BareMetalHost
metadata:
    name: node01
    labels:
        airshipit.org/k8s-role: worker
spec:
    # where it stands
    description: rack 3
    image:
        url: http://old
        checksum: "0"
        checksumType: md5
    online: true
`

// airshipctl's own rule for what is not encrypted.
const openFields = "^(kind|apiVersion|group|metadata)$"

// Encrypted files stay encrypted, and their message authentication code holds; what is not asked about is not encrypted anew.
func TestEncrypted(t *testing.T) {
	for name, c := range map[string]struct {
		options []string
		target  Target
	}{
		"fields":      {[]string{"--unencrypted-regex", openFields}, Target{Kind: "BareMetalHost"}},
		"all of it":   {nil, Target{Kind: "BareMetalHost", Name: "node01"}},
		"other field": {[]string{"--encrypted-regex", "^description$"}, Target{Kind: "BareMetalHost"}},
	} {
		t.Run(name, func(t *testing.T) {
			key := sopstest.NewKey(t)
			key.Use(t)
			file := filepath.Join(t.TempDir(), "host.yaml")
			before := key.Encrypt(t, secretHost, c.options...)
			require.NoError(t, os.WriteFile(file, before, 0o600))
			changes, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{worker()}, Request{Targets: []Target{c.target}}, Output{})
			require.NoError(t, err)
			require.NoError(t, changes.Write())
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			opened, err := sops.Decrypt(t.Context(), file, after)
			require.NoError(t, err)
			want := strings.NewReplacer("http://old", worker().URL, "        checksum: \"0\"\n        checksumType: md5\n", "        format: raw\n").Replace(secretHost)
			assert.YAMLEq(t, want, string(opened.Text))
			assert.Equal(t, line(before, "description:"), line(after, "description:"), "others are not encrypted anew")
			info, err := os.Stat(file)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			assert.NotContains(t, changes.Diff(), "rack 3")

			again, err := read(t, Source{Documents: []string{file}}).Point(t.Context(), []Image{worker()}, Request{Targets: []Target{c.target}}, Output{})
			require.NoError(t, err)
			assert.Empty(t, again.Files)
		})
	}
}

func line(data []byte, prefix string) string {
	for text := range strings.Lines(string(data)) {
		if strings.HasPrefix(strings.TrimSpace(text), prefix) {
			return text
		}
	}
	return ""
}

func TestEncryptedIsRefused(t *testing.T) {
	key := sopstest.NewKey(t)
	sopstest.Install(t)
	directory := t.TempDir()
	host := filepath.Join(directory, "host.yaml")
	require.NoError(t, os.WriteFile(host, key.Encrypt(t, secretHost, "--unencrypted-regex", openFields), 0o644))
	request := Request{Targets: []Target{{Kind: "BareMetalHost"}}}
	point := func() error {
		changes, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{worker()}, request, Output{})
		assert.Nil(t, changes)
		return err
	}
	err := point()
	require.ErrorContains(t, err, "host.yaml:")
	require.ErrorContains(t, err, "BareMetalHost node01 is to change, but the file no key for it was found")

	// One that is not asked about needs no key.
	require.NoError(t, os.WriteFile(filepath.Join(directory, "clear.yaml"), []byte(strings.ReplaceAll(secretHost, "node01", "node02")), 0o644))
	request.Targets[0].Name = "node02"
	_, err = read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{worker()}, request, Output{})
	require.NoError(t, err)

	t.Setenv("SOPS_AGE_KEY", key.Identity)
	request.Targets[0].Name = ""
	require.NoError(t, os.Remove(filepath.Join(directory, "clear.yaml")))
	two := "apiVersion: v1\nkind: Secret\nmetadata:\n    name: a\n---\n" + secretHost
	require.NoError(t, os.WriteFile(host, key.Encrypt(t, two, "--unencrypted-regex", openFields), 0o644))
	require.ErrorContains(t, point(), "of which sops changes the first document alone; give it a file of its own")

	image := "apiVersion: airshipit.org/v1alpha1\nkind: AirshipImage\nmetadata:\n    name: worker\nspec:\n    hostSelector: {}\n"
	require.NoError(t, os.WriteFile(host, key.Encrypt(t, image, "--encrypted-regex", "^spec$"), 0o644))
	request = Request{Status: true}
	require.ErrorContains(t, point(), "in which sops sets texts alone and no size")

	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, point(), "no program sops on PATH")
}

// Without its key a file whose kinds are encrypted, too, is what a missing document may be in.
func TestEncryptedKind(t *testing.T) {
	sopstest.Install(t)
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "host.yaml"), sopstest.NewKey(t).Encrypt(t, secretHost), 0o644))
	_, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{worker()}, Request{Targets: []Target{{Kind: "BareMetalHost", Name: "node01"}}}, Output{})
	require.ErrorContains(t, err, "the documents hold no BareMetalHost")
	require.ErrorContains(t, err, "no key for it was found")
}
