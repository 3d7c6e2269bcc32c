package bootcheck

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Expectations is what an image must answer. The zero value of a field expects nothing.
type Expectations struct {
	Hostname string
	// Distribution and Suite as /etc/os-release names them.
	Distribution, Suite string
	// Cmdline are arguments (NAME=VALUE or NAME) that the kernel was started with, in any order.
	Cmdline []string
	Users   []User
	// Sysctls is name → value; blanks in a value are equal whatever their kind and number, integers
	// (0x10, 020, 16) whatever their base. Names with wildcards are not asked: sysctl.d(5) lets other
	// lines take parameters out of what they match.
	Sysctls map[string]string
	// Modules are loaded or built in. One whose hardware the check's machine lacks is as expected.
	Modules []Module
	// Blacklist are modules that modprobe loads for no device.
	Blacklist []string
	Limits    []Limit
	Units     []UnitFile
	Paths     []Path // as Observe saw them
	// Motd expects that the script /etc/update-motd.d/00-motd succeeds.
	Motd bool
	// Meta is path below /etc/imagebuilder/meta → SHA-256; an empty one expects only the file.
	Meta   map[string]string
	Mounts []Mount // target, type and UUID are compared, where given
	// Live is path on the medium → SHA-256 of what a live system's ISO has for cloud-init; nil: it is no live system.
	Live map[string]string
	// NoFailedUnits expects that everything was started and nothing failed.
	NoFailedUnits bool
	// SameGrub expects that update-grub on the node would leave grub.cfg as it is. Ask it in BIOS: in
	// UEFI grub-mkconfig adds an entry for the firmware's settings.
	SameGrub bool
}

// User is an expected login; empty fields expect nothing.
type User struct {
	Name     string
	Shell    string
	Password string // set, locked or none
}

// UnitFile is a unit that starts with the node, or does not by itself.
type UnitFile struct {
	Name    string
	Enabled bool
	// Written says that the profile has its text, so that the node must know it.
	Written bool
}

// FromPlan is what a Plan alone promises: what the builder itself writes.
func FromPlan(p plan.Plan) Expectations {
	e := Expectations{
		Hostname:      p.System.Hostname,
		Distribution:  p.Target.Distribution,
		Suite:         p.Target.Suite,
		Cmdline:       p.System.Cmdline,
		NoFailedUnits: true,
	}
	if p.Action == v1alpha1.ActionBuildISO {
		e.Cmdline, e.Live = p.ISO.Cmdline, p.ISO.Files
	}
	for _, part := range p.Disk.Partitions {
		if part.Mount != nil && part.Filesystem != nil && mountedAtBoot(*part.Mount) {
			e.Mounts = append(e.Mounts, Mount{Target: part.Mount.Path, Type: part.Filesystem.Type, UUID: part.Filesystem.UUID})
		}
	}
	return e
}

// mountedAtBoot says whether a node mounts by itself, and before somebody looks.
func mountedAtBoot(m plan.Mount) bool { return !m.Has("noauto") && !m.Has("x-systemd.automount") }

// FromProfile is what an image promises that the provisioner has configured: FromPlan's and all that the
// profile sets. What Ansible fills in (Jinja templates) is not known here and left out. found is what
// Observe saw of ConfiguredPaths.
//
// /etc/imagebuilder/meta follows from more than the profile; who knows it adds it.
func FromProfile(p plan.Plan, spec *v1alpha1.NodeProfileSpec, found []Path) Expectations {
	e := FromPlan(p)
	for _, u := range spec.Users.UserManagement {
		e.Users = append(e.Users, User{Name: u.Name, Shell: u.Shell, Password: osconfig.PasswordState(u)})
	}
	e.Sysctls = map[string]string{}
	for _, s := range spec.OSKernel.Sysctl {
		if !check.Template(s.Name) && !check.Template(string(s.Value)) {
			e.Sysctls[s.Name] = string(s.Value)
		}
	}
	if size := spec.OSKernel.KdumpTools.Crashkernel; size != "" && p.RootFS.Has("kdump-tools") && !check.Template(size) {
		e.Cmdline = append(slices.Clone(e.Cmdline), "crashkernel="+size)
	}
	e.Modules, e.Blacklist = modulesOf(spec), blacklistOf(spec)
	e.Limits = limitsOf(spec.Files.Limits)
	e.Units = unitsOf(spec.Services.Systemd)
	e.Paths = append(onFilesystems(p, found), lost(spec, found)...)
	e.Motd = spec.Files.Banners.Motd != ""
	return e
}

// unitsOf are those that the profile enables or disables. What is written for qcow alone comes last.
func unitsOf(units []v1alpha1.Unit) []UnitFile {
	all, written := map[string]UnitFile{}, map[string]bool{}
	qcowOnly := func(u v1alpha1.Unit) bool { return len(u.RunContexts) > 0 && !slices.Contains(u.RunContexts, "common") }
	units = slices.Clone(units)
	slices.SortStableFunc(units, func(a, b v1alpha1.Unit) int {
		switch {
		case qcowOnly(a) == qcowOnly(b):
			return 0
		case qcowOnly(b):
			return -1
		}
		return 1
	})
	for _, u := range units {
		if check.Template(u.Name) {
			continue
		}
		written[u.Name] = written[u.Name] || u.FileContent != ""
		if u.Enabled != nil {
			all[u.Name] = UnitFile{Name: u.Name, Enabled: *u.Enabled}
		}
	}
	var found []UnitFile
	for _, name := range slices.Sorted(maps.Keys(all)) {
		unit := all[name]
		unit.Written = written[name]
		found = append(found, unit)
	}
	return found
}

// Digests is name → SHA-256 (hex) of files by name, such as osconfig.Meta's.
func Digests(files map[string][]byte) map[string]string {
	digests := make(map[string]string, len(files))
	for name, text := range files {
		digests[name] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return digests
}
