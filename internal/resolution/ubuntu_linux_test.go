package resolution

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

// release is one of Ubuntu's with the versions that matter: of its kernel as it was released, as it is in its
// updates, and of the kernel of a later release.
type release struct {
	version            string // 22.04
	first, latest, hwe string
}

var ubuntus = map[string]release{
	"focal": {"20.04", "5.4.0-26", "5.4.0-216", "5.15.0-139"},
	"jammy": {"22.04", "5.15.0-25", "5.15.0-141", "6.8.0-60"},
	"noble": {"24.04", "6.8.0-31", "6.8.0-60", "6.14.0-20"},
}

// metaVersion is that of the packages that follow a kernel: 5.15.0-141 is 5.15.0.141.
func metaVersion(kernel string) string { return strings.Replace(kernel, "-", ".", 1) }

// kernelPackages are a kernel's as Ubuntu has them: the signed image, its modules and headers, and the packages that
// follow it, whose names end with suffix.
func kernelPackages(kernel, suffix string, flavours ...string) []string {
	var all []string
	for _, flavour := range flavours {
		built, meta := flavour, metaVersion(kernel)
		if flavour == "virtual" {
			built = "generic"
		}
		for _, line := range []string{
			fmt.Sprintf("linux-image-%s-%s %[1]s.1 Depends: linux-modules-%[1]s-%[2]s", kernel, built),
			fmt.Sprintf("linux-modules-%s-%s %[1]s.1", kernel, built),
			fmt.Sprintf("linux-headers-%s-%s %[1]s.1", kernel, built),
			fmt.Sprintf("linux-cloud-tools-%s-%s %[1]s.1", kernel, built),
			fmt.Sprintf("linux-image-%s%s %s Depends: linux-image-%s-%s", flavour, suffix, meta, kernel, built),
			fmt.Sprintf("linux-headers-%s%s %s Depends: linux-headers-%s-%s", flavour, suffix, meta, kernel, built),
			fmt.Sprintf("linux-cloud-tools-%s%s %s Depends: linux-cloud-tools-%s-%s", flavour, suffix, meta, kernel, built),
			fmt.Sprintf("linux-%[1]s%[2]s %[3]s Depends: linux-image-%[1]s%[2]s (= %[3]s), linux-headers-%[1]s%[2]s (= %[3]s)", flavour, suffix, meta),
		} {
			if !slices.ContainsFunc(all, func(other string) bool { return strings.HasPrefix(other, line[:strings.Index(line, " ")+1]) }) {
				all = append(all, line)
			}
		}
	}
	return all
}

// ubuntu publishes a release as its archive has it, or for arm64 as the ports have it: the suite, its updates and its
// security, each with main and universe.
func (s site) ubuntu(t *testing.T, suite, architecture string) (uri string) {
	t.Helper()
	r := ubuntus[suite]
	loaders := []string{
		"grub-common 2", "grub2-common 2 Depends: grub-common", "mokutil 1", "netplan.io 1",
		"grub-efi-ARCH-bin 2 Depends: grub-common", "grub-efi-ARCH 2 Depends: grub-efi-ARCH-bin, grub2-common; Conflicts: grub-pc",
		"grub-efi-ARCH-signed 1.2 Depends: grub-efi-ARCH | grub-pc, grub-efi-ARCH-bin (= 2)",
		"shim-signed 1.40 Depends: grub-efi-amd64-signed | grub-efi-arm64-signed, mokutil",
	}
	if architecture == "amd64" {
		loaders = append(loaders, "grub-pc-bin 2 Depends: grub-common")
	}
	base := []string{
		"apt 1", "base-files 1 Essential: yes", "systemd-sysv 1", "udev 1", "initramfs-tools 1", "e2fsprogs 1", "fdisk 1", "dosfstools 1",
		"cloud-init 1 Depends: netplan.io", "walinuxagent 2", "ubuntu-keyring 1",
	}
	flavours := []string{"generic", "virtual", "lowlatency", "azure", "gcp"}
	components := map[string]map[string][]string{
		suite: {
			"main":     slices.Concat(base, loaders, kernelPackages(r.first, "", flavours...)),
			"universe": {"qemu-guest-agent 1", "google-guest-agent 1", "live-boot 1", "live-boot-initramfs-tools 1 Depends: live-boot"},
		},
		suite + "-updates": {
			"main": slices.Concat(
				kernelPackages(r.latest, "", flavours...),
				kernelPackages(r.hwe, "-hwe-"+r.version, "generic", "virtual"),
				// A tenth of all machines would get it: an image does not depend on which those are.
				[]string{"netplan.io 2 Phased-Update-Percentage: 10"},
			),
			"universe": {"google-guest-agent 2"},
		},
		suite + "-security": {"main": {"mokutil 1.1", "udev 1.1"}, "universe": {}},
	}
	var suites []repositorytest.Suite
	for _, name := range slices.Sorted(maps.Keys(components)) {
		packages := map[string]string{}
		for component, lines := range components[name] {
			text := strings.ReplaceAll(world(lines...), "Architecture: amd64", "Architecture: "+architecture)
			packages[component] = strings.ReplaceAll(text, "ARCH", architecture)
		}
		suites = append(suites, repositorytest.Suite{Name: name, Packages: packages, Architecture: architecture, ByHash: true, Extensions: []string{".xz", ".gz"}})
	}
	return s.serve(t, suites...)
}

// ubuntuProfile reads a profile of Ubuntu's with these fields of spec, each a line.
func (s site) ubuntuProfile(t *testing.T, suite, architecture, uri string, fields ...string) *document.Profile {
	t.Helper()
	text := "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: node}\nspec:\n" +
		"  distribution: ubuntu\n  suite: " + suite + "\n  architecture: " + architecture + "\n"
	for _, field := range fields {
		text += "  " + field + "\n"
	}
	text += "  software:\n    repos:\n"
	for _, name := range []string{suite, suite + "-updates", suite + "-security"} {
		text += "    - " + repo(name, uri, name, "main universe", "key.gpg") + "\n"
	}
	s.write(t, "node.yaml", text)
	p, err := readProfile("node.yaml")
	require.NoError(t, err)
	return p
}

// TestUbuntu resolves images of each release, of which the kernel, the boot loaders and the platform's agents are seen.
func TestUbuntu(t *testing.T) {
	s := newSite(t)
	o := withTools(t)
	cache, err := OpenCache(CacheOptions{Dir: o.CacheDir, Mirror: o.Mirror, Say: t.Logf})
	require.NoError(t, err)
	defer cache.Close()
	require.NoError(t, cache.within(t.Context(), Wants{Isolation: "namespace", Architecture: architecture(nil)}, func(resolve Options) error {
		for suite, r := range ubuntus {
			for _, arch := range []string{"amd64", "arm64"} {
				uri := s.ubuntu(t, suite, arch)
				for name, c := range map[string]struct {
					fields []string
					has    []string // NAME=VERSION SOURCE, $ for the architecture
					lacks  []string
				}{
					"bare metal": {
						has: []string{
							"linux-image-generic=" + metaVersion(r.latest) + " " + suite + "-updates", "linux-image-" + r.latest + "-generic=" + r.latest + ".1 " + suite + "-updates",
							"linux-modules-" + r.latest + "-generic=" + r.latest + ".1 " + suite + "-updates", "udev=1.1 " + suite + "-security", "grub-efi-$-bin=2 " + suite,
						},
						lacks: []string{"shim-signed", "linux-headers-generic", "linux-image-generic-hwe-" + r.version},
					},
					"the kernel of a later release": {
						fields: []string{"platform: vm", "osKernel: {kernel_base_pkg: linux-generic-hwe-" + r.version + "}"},
						has: []string{
							"linux-generic-hwe-" + r.version + "=" + metaVersion(r.hwe) + " " + suite + "-updates",
							"linux-image-" + r.hwe + "-generic=" + r.hwe + ".1 " + suite + "-updates", "qemu-guest-agent=1 " + suite,
						},
						lacks: []string{"linux-image-virtual", "linux-image-" + r.latest + "-generic"},
					},
					"the kernel as it was released": {
						fields: []string{"osKernel: {kernel_base_pkg: linux-image-virtual=" + metaVersion(r.first) + "}", "drivers: [{name: nic, dkms: [cloud-init]}]"},
						has: []string{
							"linux-image-" + r.first + "-generic=" + r.first + ".1 " + suite, "linux-headers-virtual=" + metaVersion(r.first) + " " + suite,
							"netplan.io=2 " + suite + "-updates",
						},
					},
					"azure": {
						fields: []string{"platform: azure"},
						has: []string{
							"linux-image-azure=" + metaVersion(r.latest) + " " + suite + "-updates", "walinuxagent=2 " + suite,
							"linux-cloud-tools-azure=" + metaVersion(r.latest) + " " + suite + "-updates",
						},
					},
					"gcp": {
						fields: []string{"platform: gcp"},
						has:    []string{"linux-image-gcp=" + metaVersion(r.latest) + " " + suite + "-updates", "google-guest-agent=2 " + suite + "-updates"},
					},
					"Secure Boot": {
						fields: []string{"osKernel: {secureBoot: true}"},
						has: []string{
							"shim-signed=1.40 " + suite, "grub-efi-$-signed=1.2 " + suite, "mokutil=1.1 " + suite + "-security",
							"linux-image-generic=" + metaVersion(r.latest) + " " + suite + "-updates",
						},
					},
				} {
					t.Run(suite+" "+arch+" "+name, func(t *testing.T) {
						p := s.ubuntuProfile(t, suite, arch, uri, c.fields...)
						request, err := plan.Ask(&p.NodeProfile, plan.Form{})
						require.NoError(t, err)
						lock, err := Resolve(t.Context(), resolve, request)
						require.NoError(t, Locate(p, err))
						var names, all []string
						for _, found := range lock.Packages {
							names = append(names, found.Name)
							all = append(all, found.Name+"="+found.Version+" "+found.Source)
							assert.Equal(t, arch, found.Architecture)
						}
						for _, want := range c.has {
							assert.Contains(t, all, strings.ReplaceAll(want, "$", arch))
						}
						for _, not := range c.lacks {
							assert.NotContains(t, names, not)
						}
						assert.Equal(t, arch == "amd64", slices.Contains(names, "grub-pc-bin"))
						made, err := plan.New(&p.NodeProfile, lock, plan.Options{})
						require.NoError(t, err)
						assert.Equal(t, "ubuntu", made.Target.Distribution)
					})
				}
			}
		}
		return nil
	}))
}

// Ubuntu's Release files name every architecture, though its archive and its ports each have some alone.
func TestUbuntuPortsAreElsewhere(t *testing.T) {
	s := newSite(t)
	var suites []repositorytest.Suite
	for _, name := range []string{"noble", "noble-updates", "noble-security"} {
		suites = append(suites, repositorytest.Suite{Name: name, Packages: map[string]string{"main": "", "universe": ""}, Architecture: "arm64"})
	}
	uri := s.serveBut(t, "binary-arm64", suites...)
	err := Check(t.Context(), options(t), s.ubuntuProfile(t, "noble", "arm64", uri))
	for i, suite := range suites {
		require.ErrorContains(t, err, fmt.Sprintf("node.yaml:%d:7: spec.software.repos[%d]: source %s", 10+i, i, suite.Name))
	}
	assert.Equal(t, 3, strings.Count(err.Error(), "what InRelease lists for arm64 is not there: use a mirror that carries this architecture"))
}
