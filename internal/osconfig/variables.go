package osconfig

import (
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// PlanVariables are the profile's variables for a Plan: each secret is replaced by its digest, so
// that another password is another Plan and none is in it.
func PlanVariables(profile *document.Profile) (map[string]any, error) {
	return variables.Render(profile.Digested().NodeProfile)
}
