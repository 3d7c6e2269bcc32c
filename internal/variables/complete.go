package variables

import "slices"

// always are the fields that Airship's roles read in every item of a list, with what a NodeProfile means
// where it leaves them out. Airship's roles end with an error where one is missing.
var always = map[string]map[string]any{
	"repos":            {"packages": []any{}},
	"partitions":       {"mount_order": 0},
	"directories":      {"run_contexts": []any{"common"}, "owner": "root", "group": "root", "permissions": "0755"},
	"files":            {"run_contexts": []any{"common"}, "owner": "root", "group": "root", "permissions": "0644"},
	"file_permissions": {"run_contexts": []any{"common"}},
	"systemd":          {"run_contexts": []any{"common"}, "force": false},
	"user_scripts":     {"run_contexts": []any{"common"}},
	"user_management":  {"run_contexts": []any{"common"}, "password": "", "password_lock": false},
	"fetch_from_url":   {"use_proxy": true},
}

// complete adds the fields that Airship's roles need.
func (v Variables) complete() {
	for name, fields := range always {
		list, _ := v[name].([]any)
		for _, item := range list {
			fill(item, fields)
		}
	}
	partitions, _ := v["partitions"].([]any)
	for _, partition := range partitions {
		filesystem, ok := get(partition, "filesystem")
		if !ok {
			continue
		}
		fill(filesystem, map[string]any{"fstab": map[string]any{}})
		fstab, _ := get(filesystem, "fstab")
		fill(fstab, map[string]any{"options": "defaults", "dump": 0, "fsck": 0})
	}
	if kernel, ok := v["kernel"]; ok {
		fill(kernel, map[string]any{"modules": map[string]any{}})
		modules, _ := get(kernel, "modules")
		fill(modules, map[string]any{"load": []any{}, "blacklist": []any{}})
	}
	if kubelet, ok := v["kubelet"]; ok {
		fill(kubelet, map[string]any{"extra_systemd_args": []any{}})
	}
}

// fill gives a mapping the fields that it lacks.
func fill(mapping any, fields map[string]any) {
	into, _ := mapping.(map[string]any)
	for name, value := range fields {
		if _, ok := into[name]; into == nil || ok {
			continue
		}
		if list, ok := value.([]any); ok {
			value = slices.Clone(list)
		}
		into[name] = value
	}
}
