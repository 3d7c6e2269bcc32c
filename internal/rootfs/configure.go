package rootfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Configure writes what makes the tree of packages this image's: apt sources and preferences,
// host name, fstab and GRUB's defaults; of a live system what it needs instead of these two.
func Configure(ctx context.Context, m machine.Machine, p plan.Plan) error {
	files := map[string]string{
		"/etc/hostname": p.System.Hostname + "\n",
		"/etc/hosts":    hosts(p.System.Hostname),
		// Without it cloud-init generates en_US.UTF-8 at the first boot, and fails.
		"/etc/default/locale": "LANG=C.UTF-8\n",
	}
	maps.Copy(files, SourceFiles(p.Target, p.RootFS.Sources, p.RootFS.Unapproved))
	if p.Action == v1alpha1.ActionBuildQcow2 {
		files["/etc/fstab"] = p.Disk.Fstab()
		files["/etc/default/grub"] = plan.GrubDefault(p.Target, p.System)
	}
	if p.Action == v1alpha1.ActionBuildISO {
		files["/etc/fstab"] = "# live-boot writes what it mounts.\n"
		files[LiveCloudPath] = LiveCloud
	}
	if p.RootFS.Has("initramfs-tools") {
		files[resumePath] = resumeNone
	}
	if p.RootFS.Has("openssh-server") {
		files[SSHHostKeysPath] = SSHHostKeys
	}
	if p.Target.Platform == "gcp" && p.RootFS.Has("google-guest-agent") {
		files[OnGooglePath] = OnGoogle
	}
	// A base has its own build's.
	if err := m.Run(ctx, machine.Command{Args: []string{"rm", "-f", machine.Target + "/etc/apt/sources.list", machine.Target + preferencesPath}}); err != nil {
		return err
	}
	for name, text := range files {
		if err := m.WriteFile(ctx, path.Join(machine.Target, name), 0o644, []byte(text)); err != nil {
			return err
		}
	}
	if p.Disk.GrowRoot {
		if err := enableGrowRoot(ctx, m); err != nil {
			return err
		}
	}
	return markAutomatic(ctx, m, p)
}

// preferencesPath is of what keeps unapproved packages out.
const preferencesPath = "/etc/apt/preferences.d/airship-unapproved"

// SourceFiles are apt's files on a target by their paths: each source that is registered, the key that
// signs it where that is not the distribution's, and what keeps unapproved packages out.
func SourceFiles(target plan.Target, sources []plan.Source, unapproved []string) map[string]string {
	files := map[string]string{}
	for _, s := range sources {
		if !s.Register {
			continue
		}
		files["/etc/apt/sources.list.d/"+s.Name+".sources"] = aptSource(target, s)
		if s.Keyring != "" {
			files[keyringPath(s.Name)] = s.Keyring
		}
	}
	if text := Preferences(unapproved); text != "" {
		files[preferencesPath] = text
	}
	return files
}

// resumeNone keeps the initramfs from waiting for the swap space that the build's host has at that moment, from which
// initramfs-tools(7) would resume. A file by this name is the operator's to replace.
const (
	resumePath = "/etc/initramfs-tools/conf.d/resume"
	resumeNone = "RESUME=none\n"
)

// SSHHostKeysPath is where SSHHostKeys goes.
const SSHHostKeysPath = "/etc/systemd/system/ssh.service.d/10-host-keys.conf"

// SSHHostKeys makes the host keys that CleanScript removed; sshd's own check needs them first.
const SSHHostKeys = `[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
`

// OnGooglePath is where OnGoogle goes.
const OnGooglePath = "/etc/systemd/system/google-.service.d/10-platform.conf"

// OnGoogle keeps Google's services (by their common prefix, systemd.unit(5)) from starting anywhere else,
// as in the boot check: they would wait for the metadata server without end, and sshd for them. Agents of
// other platforms have such conditions of their own.
const OnGoogle = `[Service]
ExecCondition=/bin/grep -qs Google /sys/class/dmi/id/product_name
`

// LiveCloudPath is where LiveCloud goes.
const LiveCloudPath = "/etc/cloud/cloud.cfg.d/90-airship-live.cfg"

// LiveCloud keeps cloud-init from looking for the disk below a live system's root, to grow it.
const LiveCloud = `growpart:
  mode: "off"
resize_rootfs: false
`

func hosts(hostname string) string {
	return fmt.Sprintf(`127.0.0.1 localhost
127.0.1.1 %s

::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`, hostname)
}

// aptSource renders a source in deb822 form (sources.list(5)).
func aptSource(target plan.Target, s plan.Source) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Types: deb\nURIs: %s\nSuites: %s\n", s.URI, s.Suite)
	if len(s.Components) > 0 {
		fmt.Fprintf(&text, "Components: %s\n", strings.Join(s.Components, " "))
	}
	keyring := "/usr/share/keyrings/" + target.Distribution + "-archive-keyring.gpg"
	if s.Keyring != "" {
		keyring = keyringPath(s.Name)
	}
	fmt.Fprintf(&text, "Signed-By: %s\n", keyring)
	return text.String()
}

func keyringPath(source string) string { return "/etc/apt/keyrings/" + source + ".asc" }

// markAutomatic tells apt which packages nobody asked for, so that autoremove works on the node.
func markAutomatic(ctx context.Context, m machine.Machine, p plan.Plan) error {
	asked := map[string]bool{"apt": true}
	for _, name := range p.RootFS.Include {
		name, _, _ = strings.Cut(name, "=")
		asked[name] = true
	}
	var auto, manual []string
	for _, pkg := range p.RootFS.Packages {
		if !asked[pkg.Name] {
			auto = append(auto, pkg.Name)
		}
	}
	if base := p.RootFS.Base; base != nil {
		// What the base's build had as a dependency this one may ask for.
		for _, pkg := range base.Packages {
			if asked[pkg.Name] {
				manual = append(manual, pkg.Name)
			}
		}
	}
	return errors.Join(mark(ctx, m, "auto", auto), mark(ctx, m, "manual", manual))
}

func mark(ctx context.Context, m machine.Machine, as string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := m.Run(ctx, machine.Command{Args: append([]string{"apt-mark", as}, names...), Chroot: true}); err != nil {
		return fmt.Errorf("tell apt which packages were asked for: %w", err)
	}
	return nil
}
