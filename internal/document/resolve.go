package document

import (
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Resolve is a NodeProfile with its defaults, each _append list merged into the list it extends
// (and empty), Kubernetes' packages pinned to k8s_version and kernel_headers_pkg among the
// packages. Partitions keep no default: the layout is the plan's. It leaves written as it is,
// and gives a resolved profile back unchanged.
func Resolve(written v1alpha1.NodeProfile) v1alpha1.NodeProfile {
	return resolve(written, places{})
}

// resolve also records in found where the elements of merged lists were written.
func resolve(written v1alpha1.NodeProfile, found places) v1alpha1.NodeProfile {
	out := written
	out.APIVersion, out.Kind = v1alpha1.APIVersion, v1alpha1.KindNodeProfile
	spec := &out.Spec
	defaults(spec, out.Name)

	software := &spec.Software
	merge(&software.Repos, &software.ReposAppend, "spec.software.repos", found)
	merge(&software.Packages, &software.PackagesAppend, "spec.software.packages", found)
	merge(&software.UbuntuPackages, &software.UbuntuPackagesAppend, "spec.software.ubuntu_packages", found)

	kernel := &spec.OSKernel
	found.moved("spec.osKernel.grub_cmdline_linux_default_append", "spec.osKernel.grub.GRUB_CMDLINE_LINUX_DEFAULT",
		len(kernel.Grub.CmdlineLinuxDefault))
	kernel.Grub.CmdlineLinuxDefault = slices.Concat(kernel.Grub.CmdlineLinuxDefault, kernel.GrubCmdlineLinuxDefaultAppend)
	kernel.GrubCmdlineLinuxDefaultAppend = nil

	if headers := kernel.KernelHeadersPkg; headers != "" && !slices.Contains(asked(software), headers) {
		found.move("spec.osKernel.kernel_headers_pkg", "spec.software.packages", len(software.Packages))
		software.Packages = append(slices.Clip(software.Packages), headers)
	}
	software.Packages = pinned(software.Packages, software.K8sVersion)
	software.UbuntuPackages = pinned(software.UbuntuPackages, software.K8sVersion)
	software.Repos = slices.Clone(software.Repos)
	for i := range software.Repos {
		software.Repos[i].Packages = pinned(software.Repos[i].Packages, software.K8sVersion)
	}
	return out
}

func defaults(spec *v1alpha1.NodeProfileSpec, name string) {
	fallback := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fallback(&spec.Platform, "baremetal")
	fallback(&spec.Architecture, "amd64")
	fallback(&spec.Distribution, "debian")
	if spec.Distribution == "debian" {
		fallback(&spec.Suite, "bookworm")
	}
	fallback(&spec.Networking.Hostname, name)
}

func merge[T any](list, added *[]T, field string, found places) {
	found.moved(field+"_append", field, len(*list))
	*list, *added = slices.Concat(*list, *added), nil
}

// pinned is packages with Kubernetes' own at version, where they name none.
func pinned(packages []string, version string) []string {
	if version == "" {
		return packages
	}
	out := slices.Clone(packages)
	for i, name := range out {
		switch strings.TrimSpace(name) {
		case "kubelet", "kubeadm", "kubectl":
			out[i] = name + "=" + version
		}
	}
	return out
}

// asked are the packages of all lists, in a new list that is not nil.
func asked(software *v1alpha1.Software) []string {
	all := append([]string{}, software.Packages...)
	all = append(all, software.UbuntuPackages...)
	for _, repo := range software.Repos {
		all = append(all, repo.Packages...)
	}
	return all
}
