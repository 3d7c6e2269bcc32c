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
		roles[Multistrap]["repos"] = airships(repos, withoutKeyring)
	}
	for _, role := range []string{OSConfig, Qcow} {
		for _, name := range []string{"user_scripts", "qcow_container_runtime_scripts"} {
			if list, ok := roles[role][name].([]any); ok {
				roles[role][name] = airships(list, plainScript)
			}
		}
	}
	return roles
}

// airships is a list of mappings with change made in a copy of each.
func airships(list []any, change func(fields map[string]any)) []any {
	out := make([]any, len(list))
	for i, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			out[i] = item
			continue
		}
		fields = maps.Clone(fields)
		change(fields)
		out[i] = fields
	}
	return out
}

// withoutKeyring takes out the fields of our own: multistrap takes every field of a repository for an
// option of its own, and its keyring is a package's name.
func withoutKeyring(repo map[string]any) {
	delete(repo, "keyring")
	delete(repo, "keyringFingerprint")
}

// plainScript takes out the fields of our own. Airship's role takes every text for a template.
func plainScript(script map[string]any) {
	text, isText := script["file_content"].(string)
	if script["template"] == false && isText {
		script["file_content"] = raw(text)
	}
	delete(script, "name")
	delete(script, "template")
}
