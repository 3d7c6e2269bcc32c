package osconfig

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
)

// A secret with characters that JSON and YAML write otherwise is digested like any other.
func TestSecretsOfThePlan(t *testing.T) {
	const secret = "open\"\\\tsesame"
	of := func(password string) (plan, digest string) {
		profile := &document.Profile{}
		profile.NodeProfile.Name = "node"
		profile.NodeProfile.Spec.Users.UserManagement = []v1alpha1.User{{Name: "ops", Password: password}}
		variables, err := PlanVariables(profile)
		require.NoError(t, err)
		text, err := json.Marshal(variables)
		require.NoError(t, err)
		digest, err = ProfileDigest(profile)
		require.NoError(t, err)
		assert.Equal(t, password, profile.NodeProfile.Spec.Users.UserManagement[0].Password, "the profile was changed")
		return string(text), digest
	}
	plan, digest := of(secret)
	assert.Contains(t, plan, `"password":"sha256:903a2fb1`)
	assert.NotContains(t, plan, "sesame")
	samePlan, sameDigest := of(secret)
	assert.Equal(t, []string{plan, digest}, []string{samePlan, sameDigest})
	otherPlan, otherDigest := of(secret + ".")
	assert.NotEqual(t, plan, otherPlan)
	assert.NotEqual(t, digest, otherDigest)
}
