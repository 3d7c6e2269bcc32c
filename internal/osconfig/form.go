package osconfig

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// ForAction is a profile's spec as an image of that action has it: items of the run context qcow alone are a disk's, and
// an ISO brings its seed for cloud-init outside of the live system. An empty action is build-qcow.
func ForAction(spec *v1alpha1.NodeProfileSpec, action string) *v1alpha1.NodeProfileSpec {
	if (plan.Form{Action: action}).IsDisk() {
		return spec
	}
	s := spec.DeepCopy()
	f := &s.Files
	f.Directories = common(f.Directories, func(i v1alpha1.Directory) []string { return i.RunContexts })
	f.Files = common(f.Files, func(i v1alpha1.File) []string { return i.RunContexts })
	f.FilePermissions = common(f.FilePermissions, func(i v1alpha1.Directory) []string { return i.RunContexts })
	f.UserScripts = common(f.UserScripts, func(i v1alpha1.Script) []string { return i.RunContexts })
	s.Services.Systemd = common(s.Services.Systemd, func(i v1alpha1.Unit) []string { return i.RunContexts })
	s.Users.UserManagement = common(s.Users.UserManagement, func(i v1alpha1.User) []string { return i.RunContexts })
	if action == v1alpha1.ActionBuildISO {
		s.CloudInit.UserData, s.CloudInit.MetaData, s.Networking.NetworkData = "", nil, nil
	}
	return s
}

// common are the items that every image gets; contexts that are left out mean common.
func common[T any](items []T, contexts func(T) []string) []T {
	return slices.DeleteFunc(items, func(i T) bool {
		c := contexts(i)
		return len(c) > 0 && !slices.Contains(c, "common")
	})
}

// forAction does to the variables of a run what ForAction does to a spec. Lists stay as they are: mistakes name their
// items by number.
func forAction(vars map[string]any, action string) {
	if (plan.Form{Action: action}).IsDisk() {
		return
	}
	vars["osconfig_run_contexts"] = []string{"common"}
	delete(vars, "qcow_container_runtime_scripts")
	if action == v1alpha1.ActionBuildISO {
		for _, name := range []string{"airship_user_data", "airship_meta_data", "airship_network_data"} {
			delete(vars, name)
		}
		if _, given := vars["airship_hostname"]; !given {
			vars["airship_hostname"] = plan.LiveHostname
		}
	}
}
