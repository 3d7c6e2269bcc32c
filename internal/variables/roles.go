package variables

import (
	"maps"
	"slices"
)

// Roles are the variables by the role of Airship's that reads them: multistrap, osconfig,
// livecdcontent (which reads none of them) and qcow, each always there. A role's variables are the
// content of its vars file. Lists of configuration that the profile lacks are empty in it, or
// the role would apply its own defaults; for the same reason a mapping that lacks stays away, as the
// roles have no way to say "as the distribution has it". What we add to Airship's shapes is left out.
func Roles(vars Variables) map[string]Variables {
	roles := map[string]Variables{Multistrap: {}, OSConfig: {}, LiveCDContent: {}, Qcow: {}}
	for name, e := range table {
		value, given := vars[name]
		_, twin := extended(name)
		switch {
		case e.role == "":
		case given:
			roles[e.role][name] = value
		case e.list && !twin && (e.role == OSConfig || name == "unapproved_packages"):
			roles[e.role][name] = []any{}
		}
	}
	// Airship has one list of packages; where both are given they add up.
	if ours, ok := vars["airship_packages"].([]any); ok && len(ours) > 0 {
		theirs, _ := vars["ubuntu_packages"].([]any)
		roles[Multistrap]["ubuntu_packages"] = slices.Concat(theirs, ours)
	}
	if repos, ok := roles[Multistrap]["repos"].([]any); ok {
		roles[Multistrap]["repos"] = withoutKeyrings(repos)
	}
	return roles
}

// withoutKeyrings are repos without the fields of our own: multistrap takes every field of a
// repository for an option of its own, and its keyring is a package's name.
func withoutKeyrings(repos []any) []any {
	out := make([]any, len(repos))
	for i, repo := range repos {
		fields, ok := repo.(map[string]any)
		if !ok {
			out[i] = repo
			continue
		}
		fields = maps.Clone(fields)
		delete(fields, "keyring")
		delete(fields, "keyringFingerprint")
		out[i] = fields
	}
	return out
}
