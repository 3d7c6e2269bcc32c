package document

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// The resolved documents, variables and secrets of a profile in Airship's own shapes.
func TestResolved(t *testing.T) {
	for _, name := range []string{"control-plane", "worker"} {
		t.Run(name, func(t *testing.T) {
			profile := siteProfile(t, name)
			text, err := profile.YAML()
			require.NoError(t, err)
			golden(t, "testdata/good/"+name+".resolved.yaml", text)

			whole, err := canonical(profile.NodeProfile)
			require.NoError(t, err)
			again, err := Parse(t.Context(), whole, "profile_yaml")
			require.NoError(t, err)
			assert.Equal(t, profile.NodeProfile.Spec, again.NodeProfile.Spec)
			second, err := again.YAML()
			require.NoError(t, err)
			assert.Equal(t, text, second)

			vars, err := variables.Render(profile.NodeProfile)
			require.NoError(t, err)
			asYAML, err := vars.YAML()
			require.NoError(t, err)
			golden(t, "testdata/good/"+name+".vars.yaml", asYAML)
			asJSON, err := vars.JSON()
			require.NoError(t, err)
			fromYAML, err := plainValue(vars)
			require.NoError(t, err)
			encoded, err := json.Marshal(fromYAML)
			require.NoError(t, err)
			assert.JSONEq(t, string(encoded), asJSON)
		})
	}
}

// A resolved spec comes back as it is, and what it is made of stays as it was.
func TestResolveTwice(t *testing.T) {
	written := tree.Parse("p.yaml", []byte(`software:
  packages: [a, kubectl]
  packages_append: [b]
  repos: []
  repos_append: [{name: r, packages: [kubelet, kubeadm=1]}]
  k8s_version: "2"
osKernel: {kernel_headers_pkg: h}
`), &tree.Report{})[0]
	before := plain(t, written)
	once := resolve(variables.Layer(nil, written), "n")
	assert.Equal(t, before, plain(t, written), "what was given changed")
	assert.Equal(t, map[string]any{
		"platform": "baremetal", "architecture": "amd64", "distribution": "debian", "suite": "bookworm",
		"networking": map[string]any{"hostname": "n"},
		"osKernel":   map[string]any{"kernel_headers_pkg": "h"},
		"software": map[string]any{
			"packages":    []any{"a", "kubectl=2", "b", "h"},
			"repos":       []any{map[string]any{"name": "r", "packages": []any{"kubelet=2", "kubeadm=1"}}},
			"k8s_version": "2",
		},
	}, plain(t, once))
	assert.Equal(t, plain(t, once), plain(t, resolve(variables.Layer(nil, once), "n")))
}

func plain(t *testing.T, n *tree.Node) any {
	t.Helper()
	value, err := n.Decode()
	require.NoError(t, err)
	return value
}

func TestPackages(t *testing.T) {
	assert.Equal(t, []string{
		"chrony", "curl=7.88.1-10+deb12u8", "kubeadm=1.18.6-00", "kubelet=1.18.6-00",
		"linux-headers-amd64", "linux-image-amd64", "vim",
	}, siteProfile(t, "control-plane").Packages())
	assert.Equal(t, []string{}, siteProfile(t, "worker").Packages())
}

func TestRedacted(t *testing.T) {
	profile := siteProfile(t, "control-plane")
	secrets := profile.Secrets()
	require.Len(t, secrets, 1)

	kept := profile.Redacted()
	text, err := kept.YAML()
	require.NoError(t, err)
	assert.NotContains(t, text, secrets[0])
	assert.Contains(t, text, "password: <redacted>")
	vars, err := variables.Render(kept.NodeProfile)
	require.NoError(t, err)
	asJSON, err := vars.JSON()
	require.NoError(t, err)
	assert.NotContains(t, asJSON, secrets[0])
	assert.Contains(t, asJSON, `"password":"<redacted>"`)
	assert.Equal(t, secrets, profile.Secrets(), "the original was changed")
}

// Hashes as mkpasswd(1) and openssl-passwd(1) of Debian 12 make them, of the password "x".
func TestPasswordHashes(t *testing.T) {
	for _, good := range []string{
		"$y$j9T$1QhnBBZ1EhMSjAEAbSdMC/$Q4ShkQ4vJl2mlIYm9sZzBJhUtvEvZvxOZb1Yjq9VQu5",
		"$6$rounds=5000$saltsalt$0TkU4pR5aAJPDMPb6YSFcqFqBzSXJFQeE9C7IRRkaA9bqsT0f8IZN8rYsQjyGJM8qXbqM3oYzvyRKhS6Fm9Yz0",
		"$5$0sE.x3d8kmd0tOP9$0TkU4pR5aAJPDMPb6YSFcqFqBzSXJFQeE9C7IRRkaA9",
		"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	} {
		c := &checker{}
		c.password("password", good)
		assert.Empty(t, c.mistakes, good)
	}
}
