package variables

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// identifier is a name that Ansible takes for a variable.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved begin names that would change how our own role or Ansible itself works.
var reserved = map[string]string{
	prefix:      "the fields of a NodeProfile",
	"osconfig_": "the role osconfig",
	"ansible_":  "Ansible itself",
}

// CheckExtraVars finds variables of the operator's own plays, spec.extraVars, whose names are not
// free. Its error is nil, a *mistake.Mistake or several.
func CheckExtraVars(vars v1alpha1.Object) error {
	var mistakes []*mistake.Mistake
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if problem := taken(name); problem != "" {
			mistakes = append(mistakes, &mistake.Mistake{Field: "spec.extraVars." + mistake.Word(name), Problem: problem})
		}
	}
	return mistake.Join(mistakes)
}

// taken says why a variable of the operator's own cannot have a name; empty where it can.
func taken(name string) string {
	if field, ok := Field(name); ok {
		return "is one of Airship's variables; write it as " + field
	}
	if HasNoEffect(name) {
		return "is a variable of Airship's own build container, which is not used here; take another name"
	}
	for start, owner := range reserved {
		if strings.HasPrefix(name, start) {
			return "names that begin with " + start + " belong to " + owner + "; take another name"
		}
	}
	if !identifier.MatchString(name) {
		return "Ansible takes letters, digits and _ in the name of a variable, and no digit first"
	}
	return ""
}
