package osconfig

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// datasources are cloud-init's by platform, in the order in which it tries those that are there. Besides a
// cloud's own each list has NoCloud, by which the boot check asks, and None, with which a node without
// any boots.
var datasources = map[string][]string{
	"baremetal": {"NoCloud", "ConfigDrive", "None"},
	"vm":        {"NoCloud", "ConfigDrive", "None"},
	"openstack": {"NoCloud", "ConfigDrive", "OpenStack", "None"},
	"azure":     {"Azure", "NoCloud", "None"},
	"gcp":       {"GCE", "NoCloud", "None"},
}

// Datasources is the image's datasource_list of cloud-init: the profile's, else its platform's. Never
// empty.
func Datasources(spec *v1alpha1.NodeProfileSpec) []string {
	if len(spec.CloudInit.Datasources) > 0 {
		return spec.CloudInit.Datasources
	}
	if list, known := datasources[spec.Platform]; known {
		return list
	}
	return datasources["baremetal"]
}

// Seeded says whether the image brings its own seed of the datasource ConfigDrive, with the profile's
// user data, meta data or network data. cloud-init takes it before a disk of that kind.
func Seeded(spec *v1alpha1.NodeProfileSpec) bool {
	return spec.CloudInit.UserData != "" || len(spec.CloudInit.MetaData) > 0 || len(spec.Networking.NetworkData) > 0
}

// renderers are cloud-init's, in the order of its own preference after the profile's.
var renderers = []string{"netplan", "networkd", "network-manager", "eni"}

// Renderers are what cloud-init tries to write the network for, in order: the profile's first, netplan by
// default.
func Renderers(spec *v1alpha1.NodeProfileSpec) []string {
	first := spec.Networking.Renderer
	if first == "" {
		first = renderers[0]
	}
	rest := slices.DeleteFunc(slices.Clone(renderers), func(name string) bool { return name == first })
	return append([]string{first}, rest...)
}
