package variables

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Airship's roles that read variables, as their vars files are called: multistrap-vars.yaml.
const (
	Multistrap    = "multistrap"
	OSConfig      = "osconfig"
	LiveCDContent = "livecdcontent"
	Qcow          = "qcow"
)

// roleOf is the role that reads each of Airship's variables. Fields of a NodeProfile's areas that are
// not here are our own.
var roleOf = map[string]string{
	"rootfs_arch":                          Multistrap,
	"repos":                                Multistrap,
	"repos_append":                         Multistrap,
	"ubuntu_packages":                      Multistrap,
	"ubuntu_packages_append":               Multistrap,
	"unapproved_packages":                  Multistrap,
	"kernel_base_pkg":                      Multistrap,
	"kernel_headers_pkg":                   Multistrap,
	"k8s_version":                          Multistrap,
	"multistrap_retries":                   Multistrap,
	"multistrap_retries_delay":             Multistrap,
	"systemd_nic_names_policy":             Multistrap,
	"systemd_nic_alternative_names_policy": Multistrap,

	"kernel":                            OSConfig,
	"sysctl":                            OSConfig,
	"limits":                            OSConfig,
	"grub":                              OSConfig,
	"grub_cmdline_linux_default_append": OSConfig,
	"kdump_tools":                       OSConfig,
	"banners":                           OSConfig,
	"kubelet":                           OSConfig,
	"directories":                       OSConfig,
	"files":                             OSConfig,
	"file_permissions":                  OSConfig,
	"systemd":                           OSConfig,
	"user_scripts":                      OSConfig,
	"user_management":                   OSConfig,
	"fetch_from_url":                    OSConfig,
	"fetch_from_url_append":             OSConfig,

	"qcow_capacity":                  Qcow,
	"qcow_compress":                  Qcow,
	"img_name":                       Qcow,
	"partitions":                     Qcow,
	"qcow_container_runtime_scripts": Qcow,
}

// withoutEffect are variables of Airship's build container, in any role's file.
var withoutEffect = []string{
	"rootfs_root", "root_chroot", "root_image", "src", "dst", "nbd_build_dir", "img_output_dir",
	"user_scripts_dir_default", "user_scripts_dir_qcow", "default_run_context", "qcow_run_context",
	"meta_data_file", "user_data_file", "network_data_file", "mksquashfs_threads",
}

// prefix begins the variables that are fields of our own.
const prefix = "airship_"

// profileName is the variable that holds metadata.name, which is in no spec.
const profileName = prefix + "profile"

// entry is one variable.
type entry struct {
	path []string // in a NodeProfile's spec: osKernel, sysctl
	role string   // empty for fields of our own
	list bool
}

// table is every variable by its name, as the types of api/v1alpha1 have them.
var table = entries()

func entries() map[string]entry {
	all := map[string]entry{}
	add := func(t reflect.Type, path ...string) {
		name := path[len(path)-1]
		role, airships := roleOf[name]
		if !airships {
			name = prefix + snake(name)
		}
		all[name] = entry{path: path, role: role, list: t.Kind() == reflect.Slice}
	}
	for area, t := range fieldsOf(reflect.TypeFor[v1alpha1.NodeProfileSpec]()) {
		switch {
		case area == "extends" || area == "valuesFrom" || area == extraVars:
			// The first two say how documents are read; extraVars' entries are variables of their own.
		case t.Kind() != reflect.Struct:
			add(t, area)
		default:
			for name, t := range fieldsOf(t) {
				add(t, area, name)
			}
		}
	}
	// Airship's name of a field of our own.
	all["rootfs_arch"] = entry{path: []string{"architecture"}, role: roleOf["rootfs_arch"]}
	return all
}

// extraVars is the area of the operator's own variables.
const extraVars = "extraVars"

// fieldsOf are a struct's fields by their names in documents.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = field.Type
	}
	return fields
}

// Names are Airship's variables that have an effect, sorted.
func Names() []string { return slices.Sorted(maps.Keys(roleOf)) }

// WithoutEffect are Airship's variables that are accepted and have no effect.
func WithoutEffect() []string { return slices.Clone(withoutEffect) }

// HasNoEffect says whether name is among WithoutEffect.
func HasNoEffect(name string) bool { return slices.Contains(withoutEffect, name) }

// Instead ends a message about a variable that HasNoEffect with what takes its place; empty where nothing does.
func Instead(name string) string {
	if strings.HasPrefix(name, "user_scripts_dir_") {
		return "; directories of scripts are listed in spec.files.userScriptDirectories"
	}
	return ""
}

// Area is the area of a NodeProfile's spec that holds one of Airship's variables; empty for
// rootfs_arch, which is spec.architecture. false: Airship has no such variable, or it has no effect.
func Area(name string) (area string, ok bool) {
	if _, ok := roleOf[name]; !ok {
		return "", false
	}
	path := table[name].path
	return strings.Join(path[:len(path)-1], "."), true
}

// Field is the field of a NodeProfile that holds one of Airship's variables: spec.osKernel.sysctl.
func Field(name string) (field string, ok bool) {
	if _, ok := roleOf[name]; !ok {
		return "", false
	}
	return "spec." + strings.Join(table[name].path, "."), true
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
