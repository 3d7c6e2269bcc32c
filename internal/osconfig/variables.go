package osconfig

import (
	"encoding/json"
	"fmt"

	"github.com/airshipit/packer-plugin-airship/internal/document"
)

// PlanVariables are the profile's variables for a Plan: each secret is replaced by its digest, so
// that another password is another Plan and none is in it.
func PlanVariables(profile *document.Profile) (map[string]any, error) {
	variables, err := document.Vars(profile.NodeProfile)
	if err != nil {
		return nil, err
	}
	text, err := variables.JSON()
	if err != nil {
		return nil, err
	}
	var digested map[string]any
	if err := json.Unmarshal([]byte(newSecrets(profile.Secrets()).digested(text)), &digested); err != nil {
		return nil, fmt.Errorf("variables of the plan: %w", err)
	}
	return digested, nil
}
