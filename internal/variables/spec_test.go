package variables_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

func TestSpecMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		role, text string
		want       []string
	}{
		"another role's": {
			"multistrap", "sysctl: []\nimg_name: a\n", []string{
				"vars.yaml:1:1: sysctl: is a variable of the role osconfig, and the role multistrap never reads it; move it to osconfig-vars.yaml",
				"vars.yaml:2:1: img_name: is a variable of the role qcow, and the role multistrap never reads it; move it to qcow-vars.yaml",
			},
		},
		"another role's, with one value": {
			"qcow", "mksquashfs_compression: lz4\n", []string{
				"vars.yaml:1:1: mksquashfs_compression: is a variable of the role livecdcontent, and the role qcow never reads it; move it to livecdcontent-vars.yaml",
			},
		},
		"a letter wrong": {
			"osconfig", "# ours\nsysctls: []\n", []string{
				"vars.yaml:2:1: sysctls: unknown variable; did you mean sysctl?",
			},
		},
		"a letter wrong, in another role's": {
			"multistrap", "partition: []\n", []string{
				"vars.yaml:1:1: partition: unknown variable; did you mean partitions? That belongs in qcow-vars.yaml",
			},
		},
		"a letter wrong, any role": {
			"", "partition: []\nairship_hostnam: a\n", []string{
				"vars.yaml:1:1: partition: unknown variable; did you mean partitions?",
				"vars.yaml:2:1: airship_hostnam: unknown variable; did you mean airship_hostname?",
			},
		},
		"nobody's": {
			"osconfig", "our_proxy: a\n", []string{
				"vars.yaml:1:1: our_proxy: unknown variable; one for plays of your own belongs in a NodeProfile's extraVars",
			},
		},
		"an attribute of another": {
			"osconfig", "title: a\nfiles: [{name: /a, file_content: '{{ book.title }}'}]\n", []string{
				"vars.yaml:1:1: title: unknown variable; one for plays of your own belongs in a NodeProfile's extraVars",
			},
		},
		"a taken name": {
			"", "ansible_connection: a\nsysctl: ['{{ ansible_connection }}']\n", []string{
				"vars.yaml:1:1: ansible_connection: unknown variable; one for plays of your own belongs in a NodeProfile's extraVars",
			},
		},
		"areas": {
			"", "osKernel: {sysctl: []}\nnetworkData: {}\n", []string{
				"vars.yaml:1:1: osKernel: is a field of a NodeProfile; a vars file holds the variables alone, without areas",
				"vars.yaml:2:1: networkData: is a field of a NodeProfile; a vars file holds the variables alone, without areas",
			},
		},
		"ours in Airship's file": {
			"qcow", "airship_hostname: a\n", []string{
				"vars.yaml:1:1: airship_hostname: is no variable of Airship's role qcow; write it in a NodeProfile as spec.networking.hostname",
			},
		},
		"older names": {
			"osconfig", "runtime_user_scripts: []\nbuildtime_user_scripts: []\n", []string{
				"vars.yaml:1:1: runtime_user_scripts: is now user_scripts with run_contexts: [qcow]",
				"vars.yaml:2:1: buildtime_user_scripts: is now called user_scripts",
			},
		},
		"what cannot be": {
			"livecdcontent", "mksquashfs_compression: xz\n", []string{
				"vars.yaml:1:25: mksquashfs_compression: cannot be changed: the file system of an ISO is compressed in one way alone, with Zstandard; remove the line",
			},
		},
		"two names of one field": {
			"", "rootfs_arch: amd64\nairship_architecture: arm64\n", []string{
				"vars.yaml:2:1: airship_architecture: says something else than line 1, which sets spec.architecture, too",
			},
		},
		"no mapping": {"", "- sysctl\n", []string{"vars.yaml:1:1: want a mapping of variables: NAME: VALUE"}},
	} {
		t.Run(name, func(t *testing.T) {
			var r tree.Report
			variables.Spec(c.role, parse(t, "vars.yaml", []byte(c.text)), &r)
			var got []string
			for _, m := range mistake.All(r.Err()) {
				got = append(got, m.Error())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// What takes the place of a variable without an effect is told.
func TestInstead(t *testing.T) {
	var r tree.Report
	variables.Spec("qcow", parse(t, "q.yaml", []byte("user_scripts_dir_qcow: /config/scripts\nsrc: /a\n")), &r)
	require.NoError(t, r.Err())
	const about = "is accepted and has no effect here: it is about Airship's own build container"
	assert.Equal(t, []string{
		"q.yaml:1: user_scripts_dir_qcow: " + about + "; directories of scripts are listed in spec.files.userScriptDirectories",
		"q.yaml:2: src: " + about,
	}, r.Warnings)
}

func TestSpecPlaces(t *testing.T) {
	const text = `# first
rootfs_root: build
repos_append:
  - name: "{{ site }}-repo"
sysctl:
rootfs_arch: arm64
kernel_base_pkg: "linux-{{ flavour | lower }}"
ubuntu_packages: "{{ repos_append[0].packages }}"
flavour: RT
site:
  name: a
`
	var r tree.Report
	spec := variables.Spec("multistrap", parse(t, "m.yaml", []byte(text)), &r)
	// sysctl is another role's, even where it is empty.
	require.ErrorContains(t, r.Err(), "m.yaml:5:1: sysctl: is a variable of the role osconfig")
	assert.Equal(t, []string{"m.yaml:2: rootfs_root: is accepted and has no effect here: it is about Airship's own build container"}, r.Warnings)

	value, err := spec.Decode()
	require.NoError(t, err)
	assert.Equal(t, map[string]any{
		"architecture": "arm64",
		"software": map[string]any{
			"repos_append":    []any{map[string]any{"name": "{{ site }}-repo"}},
			"ubuntu_packages": "{{ repos_append[0].packages }}",
		},
		"osKernel": map[string]any{"kernel_base_pkg": "linux-{{ flavour | lower }}"},
		// Airship's files may define variables for their own references.
		"extraVars": map[string]any{"flavour": "RT", "site": map[string]any{"name": "a"}},
	}, value)

	name := spec.Get("software", "repos_append").Content[0].Get("name")
	assert.Equal(t, tree.Place{File: "m.yaml", Line: 4, Column: 11, Field: "repos_append[0].name"}, name.Place)
	key, _ := spec.Get("osKernel").Field("kernel_base_pkg")
	assert.Equal(t, tree.Place{File: "m.yaml", Line: 7, Column: 1, Field: "kernel_base_pkg"}, key.Place)
	area, _ := spec.Field("software")
	assert.Equal(t, tree.Place{File: "m.yaml", Line: 3, Column: 1}, area.Place)
	key, _ = spec.Field("architecture")
	assert.Equal(t, tree.Place{File: "m.yaml", Line: 6, Column: 1, Field: "rootfs_arch"}, key.Place)
}

// A file of comments alone says nothing.
func TestSpecEmpty(t *testing.T) {
	var r tree.Report
	assert.Empty(t, variables.Spec("osconfig", nil, &r).Content)
	require.NoError(t, r.Err())
}

func TestSpecKeepsSecrets(t *testing.T) {
	vars := parse(t, "v.yaml", []byte("user_management: [{name: a, password: $6$a$b}]\n"))
	hidden := vars.Map(func(n *tree.Node) *tree.Node {
		if strings.HasPrefix(n.Value, "$6$") {
			secret := *n
			secret.Secret = true
			return &secret
		}
		return n
	})
	var r tree.Report
	spec := variables.Spec("", hidden, &r)
	assert.True(t, spec.Get("users", "user_management").Content[0].Get("password").Secret)
}

func TestArea(t *testing.T) {
	for name, want := range map[string]string{
		"sysctl": "osKernel", "repos_append": "software", "banners": "files", "rootfs_arch": "",
	} {
		area, ok := variables.Area(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, area)
	}
	for _, name := range []string{"src", "airship_hostname", "hostname", "sysctls"} {
		_, ok := variables.Area(name)
		assert.False(t, ok, name)
	}
	for _, name := range variables.Names() {
		field, ok := variables.Field(name)
		assert.True(t, ok && (strings.HasSuffix(field, "."+name) || name == "rootfs_arch"), "%s has no field: %s", name, field)
	}
}

// Whatever a file holds, each variable of it is in the spec, or something was said about it.
func FuzzSpec(f *testing.F) {
	f.Add("multistrap", "repos: []\nsite: a\nubuntu_packages: ['{{ site }}']\n")
	f.Add("", "rootfs_arch: amd64\nairship_architecture: arm64\nairship_profile: a\n")
	f.Add("livecdcontent", "mksquashfs_compression: {}\nsrc: a\n")
	f.Add("qcow", "[a, b]")
	f.Add("osconfig", "kernel: '{% for x in y %}{{'\n? a\n: b\n'': c\n")
	f.Fuzz(func(t *testing.T, role, text string) {
		var read tree.Report
		for _, doc := range tree.Parse("fuzz.yaml", []byte(text), &read) {
			var r tree.Report
			spec := variables.Spec(role, doc, &r)
			require.True(t, spec.IsMapping())
			kept := 0
			count := func(_, _ *tree.Node) { kept++ }
			spec.Fields(func(key, value *tree.Node) {
				if key.Value == "architecture" || key.Value == "platform" || key.Value == "suite" || key.Value == "distribution" || key.Value == "drivers" {
					count(key, value)
					return
				}
				value.Fields(count)
			})
			silent := 0
			doc.Fields(func(key, value *tree.Node) {
				if value.IsNull() || key.Value == "airship_profile" || key.Value == "mksquashfs_compression" ||
					key.Value == "rootfs_arch" || key.Value == "airship_architecture" {
					silent++
				}
			})
			require.GreaterOrEqual(t, kept+silent+len(r.Mistakes)+len(r.Warnings), len(doc.Content)/2)
			_, err := spec.Decode()
			require.NoError(t, err)
		}
	})
}

// A file of another kind takes no time that grows with the square of its size.
func TestSpecOfManyUnknown(t *testing.T) {
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "partition%d: '{{ other_%d }}'\nother_%d: 1\n", i, i, i)
	}
	var r tree.Report
	spec := variables.Spec("qcow", parse(t, "vars.yaml", []byte(text.String())), &r)
	assert.Len(t, spec.Get("extraVars").Content, 2*10_000)
	require.Len(t, r.Mistakes, 10_000)
	suggested := 0
	for _, m := range r.Mistakes {
		if strings.HasSuffix(m.Problem, "did you mean partitions?") {
			suggested++
		}
	}
	assert.Equal(t, 100, suggested)
}
