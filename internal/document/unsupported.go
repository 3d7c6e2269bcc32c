package document

import (
	"slices"
	"strings"
)

// withoutEffect are variables of Airship's build container, accepted in any area.
var withoutEffect = []string{
	"rootfs_root", "root_chroot", "root_image", "src", "dst", "nbd_build_dir", "img_output_dir",
	"user_scripts_dir_default", "user_scripts_dir_qcow", "default_run_context", "qcow_run_context",
	"meta_data_file", "user_data_file", "network_data_file", "mksquashfs_threads",
}

// notYet are fields and variables of Airship that would change the image and are not applied
// by this version, so they are refused rather than ignored.
var notYet = map[string][]string{
	"spec": {"extends", "drivers", "cloudInit", "services", "files", "extraVars"},
	"spec.networking": {
		"hosts", "networkData", "renderer", "systemd_nic_names_policy", "systemd_nic_alternative_names_policy",
	},
	"spec.software": {"multistrap_retries", "multistrap_retries_delay", "kubelet"},
	"spec.osKernel": {"kernel", "kdump_tools"},
}

// elsewhere says where a variable belongs that is often written in a wrong place.
var elsewhere = map[string]string{
	"rootfs_arch": "spec.architecture",
}

// unsupported reports a field that Airship knows and the types here do not; false where Airship
// does not know it either.
func (r *report) unsupported(at place, area, name string) bool {
	inArea := strings.HasPrefix(area, "spec.") && !strings.ContainsAny(area[len("spec."):], ".[")
	switch {
	case inArea && slices.Contains(withoutEffect, name):
		r.warn(at, "is accepted and has no effect here")
	case slices.Contains(notYet[area], name):
		r.mistake(at, "is not supported by this version; remove it, for it would have no effect")
	case (inArea || area == "spec") && elsewhere[name] != "":
		r.mistake(at, "unknown field; want %s", elsewhere[name])
	default:
		return false
	}
	return true
}
