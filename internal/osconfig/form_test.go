package osconfig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

func TestForAction(t *testing.T) {
	spec := &v1alpha1.NodeProfileSpec{
		CloudInit:  v1alpha1.CloudInit{UserData: "#cloud-config\n"},
		Networking: v1alpha1.Networking{NetworkData: v1alpha1.Object{"links": []any{}}},
		Files: v1alpha1.Files{Files: []v1alpha1.File{
			{Name: "/disk", RunContexts: []string{"qcow"}},
			{Name: "/all"},
			{Name: "/both", RunContexts: []string{"common", "qcow"}},
		}},
		Users: v1alpha1.Users{UserManagement: []v1alpha1.User{{Name: "disk", RunContexts: []string{"qcow"}}}},
	}
	for action, c := range map[string]struct {
		files, users int
		seeded       bool
	}{
		"":                        {3, 1, true},
		v1alpha1.ActionBuildQcow2: {3, 1, true},
		v1alpha1.ActionBuildRoot:  {2, 0, true},
		v1alpha1.ActionBuildISO:   {2, 0, false},
	} {
		got := ForAction(spec, action)
		assert.Len(t, got.Files.Files, c.files, action)
		assert.Len(t, got.Users.UserManagement, c.users, action)
		assert.Equal(t, c.seeded, Seeded(got), action)

		text, err := VarsYAML(v1alpha1.NodeProfile{Spec: *spec}, action, nil)
		require.NoError(t, err)
		if c.users == 0 {
			assert.Contains(t, string(text), "osconfig_run_contexts:\n  - common\n")
		}
		assert.Equal(t, c.seeded, strings.Contains(string(text), "airship_user_data"), action)
	}
	assert.Len(t, spec.Files.Files, 3, "the profile itself was changed")
}
