package osconfig

import (
	"maps"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// PlanVariables are the profile's variables for a Plan: each secret is replaced by its digest, so
// that another password is another Plan and none is in it.
func PlanVariables(profile *document.Profile) (map[string]any, error) {
	return variables.Render(profile.Digested().NodeProfile)
}

// VarsYAML is the vars file of a run: the profile's variables, what the roles derive from its platform,
// and those of remote (RemoteVariables'), which may be nil. action is what becomes of the target, see ForAction.
func VarsYAML(profile v1alpha1.NodeProfile, action string, remote map[string]any) ([]byte, error) {
	vars, err := variables.Render(profile)
	if err != nil {
		return nil, err
	}
	vars["osconfig_datasources"] = Datasources(&profile.Spec)
	vars["osconfig_renderers"] = Renderers(&profile.Spec)
	forAction(vars, action)
	maps.Copy(vars, remote)
	text, err := vars.AnsibleYAML()
	return []byte(text), err
}
