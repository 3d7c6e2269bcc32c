package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Variables are Ansible variables: maps, lists, strings, whole numbers and booleans.
type Variables map[string]any

// ourVariables are the fields of our own in the areas that have them; all others are Airship's.
var ourVariables = map[string]bool{
	"networking.hostname": true,
	"software.packages":   true,
}

// Vars are the Ansible variables of a resolved profile. Airship's variables keep their names
// and shapes and stand at the top, whatever their area; rootfs_arch is the architecture. Fields
// of our own become airship_ and their name in snake case: airship_profile (the profile's
// name), airship_platform, airship_architecture, airship_distribution, airship_suite,
// airship_hostname, airship_packages. Password hashes are in them; Redacted's have none.
func Vars(profile v1alpha1.NodeProfile) (Variables, error) {
	plain, err := plainValue(profile.Spec)
	if err != nil {
		return nil, err
	}
	spec, ok := plain.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("render variables: the spec is not a mapping")
	}
	vars := Variables{"airship_profile": profile.Name, "rootfs_arch": profile.Spec.Architecture}
	for area, value := range spec {
		fields, ok := value.(map[string]any)
		if !ok {
			vars["airship_"+snake(area)] = value
			continue
		}
		for name, value := range fields {
			if ourVariables[area+"."+name] {
				name = "airship_" + snake(name)
			}
			vars[name] = value
		}
	}
	return vars, nil
}

// YAML is the variables as a vars file, keys sorted.
func (v Variables) YAML() (string, error) { return canonical(v) }

// JSON is the variables as one line of JSON, keys sorted.
func (v Variables) JSON() (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", fmt.Errorf("render JSON: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// snake is camelCase as snake_case.
func snake(name string) string {
	var out strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
