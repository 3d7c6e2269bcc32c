package bootcheck

import (
	"path"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// written are the role osconfig's own files that follow from a profile; which of them are there, Observe
// tells.
var written = []string{
	"/etc/sysctl.d/60-airship.conf", "/etc/modules-load.d/airship.conf", "/etc/modprobe.d/airship.conf",
	"/etc/initramfs-tools/hooks/airship-drivers", "/etc/systemd/network/99-default.link", "/etc/hosts",
	"/etc/cloud/cloud.cfg.d/95-airship.cfg", "/etc/default/grub.d/kdump-tools.cfg",
	"/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
}

// changing are paths that a boot makes anew, empties or fills, and what the builder writes after
// Observe, with all below them.
var changing = []string{
	"/tmp", "/run", "/var/run", "/var/tmp", "/var/log", "/var/lib/cloud", "/dev", "/proc", "/sys", "/boot/grub",
	"/etc/resolv.conf", "/etc/machine-id", "/etc/hostname",
	// cloud-init writes each node's network, what its datasource says of mirrors (on Ubuntu) and of keys there; the
	// last it writes anew without any, too.
	"/etc/netplan/50-cloud-init.yaml", "/etc/network/interfaces.d/50-cloud-init",
	"/etc/apt/sources.list", "/etc/apt/sources.list.d/ubuntu.sources", "/root/.ssh/authorized_keys",
}

// ConfiguredPaths are the absolute paths that a profile names, or that follow from it, and that a node has
// as the image does: sorted, each once. Those that Ansible fills in (Jinja templates) are left out.
func ConfiguredPaths(spec *v1alpha1.NodeProfileSpec) []string {
	all := slices.Clone(written)
	for _, f := range spec.Files.Files {
		all = append(all, f.Name)
	}
	for _, d := range slices.Concat(spec.Files.Directories, spec.Files.FilePermissions) {
		all = append(all, d.Name)
	}
	for _, l := range spec.Files.Limits {
		all = append(all, "/etc/security/limits.d/"+limitFile(l))
	}
	for _, u := range spec.Services.Systemd {
		if u.FileContent != "" {
			all = append(all, "/etc/systemd/system/"+u.Name)
		}
	}
	if spec.Files.Banners.Login != "" {
		all = append(all, "/etc/issue")
	}
	if spec.Files.Banners.Motd != "" {
		all = append(all, "/etc/update-motd.d/00-motd")
	}
	all = slices.DeleteFunc(all, func(name string) bool {
		return check.Template(name) || slices.ContainsFunc(changing, func(top string) bool { return below(name, top) })
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// lost are the files and directories that a profile names and that the finished tree does not have.
func lost(spec *v1alpha1.NodeProfileSpec, found []Path) []Path {
	named := map[string]string{}
	for _, f := range spec.Files.Files {
		named[f.Name] = "file"
	}
	for _, d := range spec.Files.Directories {
		named[d.Name] = "directory"
	}
	var all []Path
	for _, name := range ConfiguredPaths(spec) {
		kind, known := named[name]
		if known && !slices.ContainsFunc(found, func(p Path) bool { return p.Path == name }) {
			all = append(all, Path{Path: name, Type: kind})
		}
	}
	return all
}

// onFilesystems leaves out what the file system that holds a path cannot keep: vfat has neither modes nor
// owners; and what is on none that is mounted.
func onFilesystems(p plan.Plan, paths []Path) []Path {
	kept := slices.DeleteFunc(slices.Clone(paths), func(one Path) bool { return isHidden(p, one.Path) })
	for i := range kept {
		if filesystemOf(p, kept[i].Path) == "vfat" {
			kept[i].Mode = ""
		}
	}
	return kept
}

// filesystemOf is the type of the file system that holds an absolute path; empty where the plan has none.
func filesystemOf(p plan.Plan, name string) string {
	for ; ; name = path.Dir(name) {
		if part, ok := p.Disk.Partition(name); ok && part.Filesystem != nil {
			return part.Filesystem.Type
		}
		if name == "/" || name == "." {
			return ""
		}
	}
}

// isHidden says whether a path is on a file system that nobody mounts.
func isHidden(p plan.Plan, name string) bool {
	return slices.ContainsFunc(p.Disk.Partitions, func(part plan.Partition) bool {
		return part.Mount != nil && part.Mount.Has("noauto") && below(name, part.Mount.Path)
	})
}

// below tells whether name is top or a path below it.
func below(name, top string) bool {
	return name == top || strings.HasPrefix(name, top+"/")
}
