package document

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// The resolved documents, variables and secrets of a profile in Airship's own shapes.
func TestResolved(t *testing.T) {
	for _, name := range []string{"control-plane", "worker"} {
		t.Run(name, func(t *testing.T) {
			profile := site(t, name)
			text, err := profile.YAML()
			require.NoError(t, err)
			golden(t, "testdata/good/"+name+".resolved.yaml", text)

			again, err := Parse(text, "profile_yaml")
			require.NoError(t, err)
			assert.Equal(t, profile.NodeProfile.Spec, again.NodeProfile.Spec)
			second, err := again.YAML()
			require.NoError(t, err)
			assert.Equal(t, text, second)

			vars, err := Vars(profile.NodeProfile)
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

func TestResolveTwice(t *testing.T) {
	written := v1alpha1.NodeProfile{}
	written.Name = "n"
	written.Spec.Software = v1alpha1.Software{
		Packages: []string{"a", "kubectl"}, PackagesAppend: []string{"b"},
		ReposAppend: []v1alpha1.Repository{{Name: "r", Packages: []string{"kubelet", "kubeadm=1"}}},
		K8sVersion:  "2",
	}
	written.Spec.OSKernel.KernelHeadersPkg = "h"
	before, err := json.Marshal(written)
	require.NoError(t, err)

	once := Resolve(written)
	after, err := json.Marshal(written)
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(after), "Resolve changed what it was given")

	assert.Equal(t, []string{"a", "kubectl=2", "b", "h"}, once.Spec.Software.Packages)
	assert.Empty(t, once.Spec.Software.PackagesAppend)
	assert.Equal(t, []string{"kubelet=2", "kubeadm=1"}, once.Spec.Software.Repos[0].Packages)
	assert.Equal(t, "n", once.Spec.Networking.Hostname)
	assert.Equal(t, once, Resolve(once))
}

func TestPackages(t *testing.T) {
	assert.Equal(t, []string{
		"chrony", "curl=7.88.1-10+deb12u8", "kubeadm=1.18.6-00", "kubelet=1.18.6-00",
		"linux-headers-amd64", "linux-image-amd64", "vim",
	}, site(t, "control-plane").Packages())
	assert.Equal(t, []string{}, site(t, "worker").Packages())
}

func TestRedacted(t *testing.T) {
	profile := site(t, "control-plane")
	secrets := profile.Secrets()
	require.Len(t, secrets, 1)

	kept, err := profile.Redacted()
	require.NoError(t, err)
	text, err := kept.YAML()
	require.NoError(t, err)
	assert.NotContains(t, text, secrets[0])
	assert.Contains(t, text, "password: <redacted>")
	vars, err := Vars(kept.NodeProfile)
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
