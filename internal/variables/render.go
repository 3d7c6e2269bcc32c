package variables

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Render is the Ansible variables of a resolved profile. Airship's variables keep their names and
// shapes and stand at the top, whatever their area; rootfs_arch is the architecture. Fields of our
// own become airship_ and their name in snake case: airship_profile (the profile's name),
// airship_platform, airship_packages, airship_network_data, airship_user_data. extraVars' entries
// keep their names. A list that an _append list still extends is extended, and what Airship's roles
// need in an item is there: run_contexts, owners, orders.
//
// Secrets are in them as they are in the profile. An error is about extraVars, as CheckExtraVars has it.
func Render(profile v1alpha1.NodeProfile) (Variables, error) {
	if err := CheckExtraVars(profile.Spec.ExtraVars); err != nil {
		return nil, err
	}
	spec, err := plain(profile.Spec)
	if err != nil {
		return nil, fmt.Errorf("render variables: %w", err)
	}
	vars := Variables{profileName: profile.Name}
	for name, e := range table {
		if value, ok := get(spec, e.path...); ok {
			vars[name] = value
		}
	}
	if own, ok := get(spec, extraVars); ok {
		maps.Copy(vars, own.(map[string]any))
	}
	vars.extend()
	vars.complete()
	return vars, nil
}

// get is the value at keys, each a field of the mapping before.
func get(value any, keys ...string) (any, bool) {
	for _, key := range keys {
		mapping, _ := value.(map[string]any)
		inner, ok := mapping[key]
		if !ok {
			return nil, false
		}
		value = inner
	}
	return value, true
}

// suffix ends the name of a list that extends the list of the name before it.
const suffix = "_append"

// extended is the path of the list among the variables that an _append variable extends.
func extended(name string) (path []string, ok bool) {
	if name == "grub_cmdline_linux_default_append" {
		return []string{"grub", "GRUB_CMDLINE_LINUX_DEFAULT"}, true
	}
	list, ok := strings.CutSuffix(name, suffix)
	if _, known := table[list]; !ok || !known {
		return nil, false
	}
	return []string{list}, true
}

// extend moves the elements of _append lists to the end of the lists that they extend.
func (v Variables) extend() {
	for name := range table {
		path, ok := extended(name)
		added, given := v[name].([]any)
		if !ok || !given {
			continue
		}
		delete(v, name)
		in := map[string]any(v)
		for _, key := range path[:len(path)-1] {
			inner, _ := in[key].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
				in[key] = inner
			}
			in = inner
		}
		last := path[len(path)-1]
		list, _ := in[last].([]any)
		in[last] = slices.Concat(list, added)
	}
}
