package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// profileText is a NodeProfile document with a spec in flow style or indented by two.
func profileText(name, spec string) string {
	return "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: " + name + "}\nspec: " + spec + "\n---\n"
}

func imageText(name, spec string) string {
	return "apiVersion: airshipit.org/v1alpha1\nkind: AirshipImage\nmetadata: {name: " + name + "}\nspec: " + spec + "\n---\n"
}

// write makes a file of documents in a new directory.
func write(t testing.TB, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// choose reads documents and chooses one profile.
func choose(t testing.TB, text string, selection Selection) *Profile {
	t.Helper()
	profile, err := one(chooseAll(t, Source{Documents: []string{write(t, text)}}, selection))
	require.NoError(t, err)
	return profile
}

func chooseAll(t testing.TB, source Source, selection Selection) []*Profile {
	t.Helper()
	set, err := source.Read(t.Context())
	require.NoError(t, err)
	chosen, err := set.Select(selection)
	require.NoError(t, err)
	return chosen
}

// refused is the error of documents, with FILE for their file.
func refused(t testing.TB, text string, selection Selection) string {
	t.Helper()
	file := write(t, text)
	set, err := Source{Documents: []string{file}}.Read(t.Context())
	if err == nil {
		_, err = set.Select(selection)
	}
	require.Error(t, err)
	return strings.ReplaceAll(err.Error(), file, "FILE")
}

func TestExtends(t *testing.T) {
	const bottom = `{software: {packages: [aa], packages_append: [bb], k8s_version: "1"}, networking: {hostname: bottom, hosts: [{address: 10.0.0.1, names: [x]}]}}`
	t.Run("mappings merge, lists replace, _append extends", func(t *testing.T) {
		p := choose(t, profileText("bottom", bottom)+
			profileText("top", `{extends: [bottom], software: {packages_append: [cc]}, networking: {hosts: [{address: 10.0.0.2, names: [y]}]}}`), Selection{Name: "top"})
		spec := p.NodeProfile.Spec
		assert.Equal(t, []string{"aa", "bb", "cc"}, spec.Software.Packages)
		assert.Equal(t, "1", spec.Software.K8sVersion)
		assert.Equal(t, "bottom", spec.Networking.Hostname)
		assert.Equal(t, []v1alpha1.Host{{Address: "10.0.0.2", Names: []string{"y"}}}, spec.Networking.Hosts)
		assert.Empty(t, spec.Extends)
	})
	t.Run("a list with its _append takes the place of what is below", func(t *testing.T) {
		p := choose(t, profileText("bottom", bottom)+profileText("top", `{extends: [bottom], software: {packages: [xx], packages_append: [yy]}}`), Selection{})
		assert.Equal(t, "top", p.NodeProfile.Name, "what others build on is not chosen unasked")
		assert.Equal(t, []string{"xx", "yy"}, p.NodeProfile.Spec.Software.Packages)
	})
	t.Run("later ones lie over earlier ones", func(t *testing.T) {
		p := choose(t, profileText("a", `{platform: vm, architecture: arm64}`)+profileText("b", `{platform: azure}`)+
			profileText("c", `{extends: [a, b]}`), Selection{})
		assert.Equal(t, "azure", p.NodeProfile.Spec.Platform)
		assert.Equal(t, "arm64", p.NodeProfile.Spec.Architecture)
	})
	t.Run("a shared one lies below both, once", func(t *testing.T) {
		p := choose(t, profileText("base", `{platform: vm, software: {packages_append: [base]}}`)+
			profileText("left", `{extends: [base], platform: azure, software: {packages_append: [left]}}`)+
			profileText("right", `{extends: [base], software: {packages_append: [right]}}`)+
			profileText("node", `{extends: [left, right]}`), Selection{Name: "node"})
		assert.Equal(t, "azure", p.NodeProfile.Spec.Platform)
		assert.Equal(t, []string{"base", "left", "right"}, p.NodeProfile.Spec.Software.Packages)
	})
	t.Run("built in", func(t *testing.T) {
		p := choose(t, profileText("node", `{extends: [airship-default], distribution: ubuntu, suite: jammy, osKernel: {grub_cmdline_linux_default_append: [{name: quiet}]}}`), Selection{})
		spec := p.NodeProfile.Spec
		assert.Contains(t, spec.Software.UnapprovedPackages, "unattended-upgrades")
		arguments := spec.OSKernel.Grub.CmdlineLinuxDefault
		assert.Equal(t, "console", arguments[0].Name)
		assert.Equal(t, "quiet", arguments[len(arguments)-1].Name)
		assert.Equal(t, "node", spec.Networking.Hostname)
	})
	t.Run("references are filled in over all layers", func(t *testing.T) {
		p := choose(t, profileText("base", `{software: {packages: ["kubelet={{ k8s_version }}"]}, extraVars: {version: "{{ k8s_version }}"}}`)+
			profileText("node", `{extends: [base], software: {k8s_version: "2", packages_append: "{{ more }}"}, extraVars: {more: [xx, yy]}}`), Selection{})
		assert.Equal(t, []string{"kubelet=2", "xx", "yy"}, p.NodeProfile.Spec.Software.Packages)
		assert.Equal(t, "2", p.NodeProfile.Spec.ExtraVars["version"])
	})
}

func TestExtendsThatAreWrong(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"itself": {profileText("node", `{extends: [node]}`), "FILE:4:18: spec.extends[0]: the profile node extends itself"},
		"a cycle": {
			profileText("a", `{extends: [b]}`) + profileText("b", `{extends: [c]}`) + profileText("c", `{extends: [a]}`),
			"FILE:14:18: spec.extends[0]: the profile a extends itself: a → b → c → a",
		},
		"unknown":   {profileText("base", `{}`) + profileText("node", `{extends: [bsae]}`), "FILE:9:18: spec.extends[0]: there is no NodeProfile bsae; did you mean base?"},
		"no list":   {profileText("node", `{extends: base}`), "FILE:4:17: spec.extends: want a list of strings, found a string"},
		"built in?": {profileText("node", `{extends: [airship-defaults]}`), "FILE:4:18: spec.extends[0]: there is no NodeProfile airship-defaults; did you mean airship-default?"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, refused(t, test.text, Selection{})) })
	}
}

// A list of the wrong type, or in something of the wrong type, is told of once.
func TestAppendThatIsWrong(t *testing.T) {
	for spec, want := range map[string]string{
		`{osKernel: {grub: [x], grub_cmdline_linux_default_append: [{name: quiet}]}}`: "FILE:4:19: spec.osKernel.grub: want a mapping, found a list",
		`{software: {packages: {a: b}, packages_append: [vim]}}`:                      "FILE:4:19: spec.software.packages: want a list of strings, found a mapping",
		`{software: {packages: [vim], packages_append: {a: b}}}`:                      "FILE:4:36: spec.software.packages_append: want a list of strings, found a mapping",
		`{software: [packages_append]}`:                                               "FILE:4:8: spec.software: want a mapping, found a list",
	} {
		assert.Equal(t, want, refused(t, profileText("node", spec), Selection{}), spec)
	}
}

// What is only there to be built on need not be whole, unless it is chosen.
func TestBases(t *testing.T) {
	text := profileText("base", `{distribution: ubuntu, software: {packages: ["{{ tool }}"]}}`) +
		profileText("node", `{extends: [base], suite: jammy, extraVars: {tool: vim}}`)
	assert.Equal(t, []string{"vim"}, choose(t, text, Selection{}).Packages())
	assert.Equal(t, "2 mistakes:\n"+
		"  FILE:4:22: spec.distribution: ubuntu needs spec.suite; known: focal, jammy, noble\n"+
		"  FILE:4:52: spec.software.packages[0]: unknown variable tool; it is not set in this profile",
		refused(t, text, Selection{Name: "base"}))
}

const areaLabel = "{name: node-software, labels: {airshipit.org/node-profile: node}}"

func TestSeparateAreas(t *testing.T) {
	area := strings.ReplaceAll(profileText("x", `{software: {packages: [vim]}}`), "{name: x}", areaLabel)
	t.Run("by name and by label", func(t *testing.T) {
		p := choose(t, area+profileText("node", `{platform: vm}`)+profileText("node", `{networking: {hostname: h}}`), Selection{})
		assert.Equal(t, "node", p.NodeProfile.Name)
		assert.Empty(t, p.NodeProfile.Labels, "metadata is the profile's own")
		assert.Equal(t, "vm", p.NodeProfile.Spec.Platform)
		assert.Equal(t, "h", p.NodeProfile.Spec.Networking.Hostname)
		assert.Equal(t, []string{"vim"}, p.NodeProfile.Spec.Software.Packages)
	})
	t.Run("no document has the profile's name", func(t *testing.T) {
		p := choose(t, area, Selection{})
		assert.Equal(t, "node", p.NodeProfile.Name)
	})
	t.Run("one field twice", func(t *testing.T) {
		text := profileText("node", `{platform: vm, software: {packages: [aa]}}`)
		assert.Equal(t, "FILE:9:19: spec.software.packages: is also written in FILE:4:33; the documents of one profile, here node, write each field once",
			refused(t, text+area, Selection{}))
		assert.Equal(t, "FILE:9:8: spec.platform: is also written in FILE:4:8, and so is one more field; the documents of one profile, here node, write each field once",
			refused(t, text+text, Selection{}))
	})
}

const catalogues = `apiVersion: airshipit.org/v1alpha1
kind: VersionsCatalogue
metadata: {name: versions}
spec:
  kubernetes: 1.30.1-1.1
  files:
    - {name: kubectl, url: "https://dl.example.org/kubectl"}
    - {name: sonobuoy, url: "https://dl.example.org/sonobuoy"}
---
apiVersion: airshipit.org/v1alpha1
kind: VariableCatalogue
metadata: {name: site}
suite: trixie
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  timeout: "30"
  network: |
    links: [{id: eth0, type: phy, ethernet_mac_address: "52:54:00:00:00:01"}]
    networks: []
    services: []
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data:
  token: aHVudGVyMjJodW50ZXIyMg==
stringData:
  user-data: "#cloud-config\npassword: hunter2222\n"
---
`

func TestValuesFrom(t *testing.T) {
	p := choose(t, catalogues+profileText("base", `{software: {k8s_version: "1"}, extraVars: {kept: 1, replaced: {a: 1}}}`)+profileText("node", `
  extends: [base]
  valuesFrom:
    - {kind: VersionsCatalogue, name: versions, fieldPath: "{.spec.kubernetes}", targetPath: software.k8s_version}
    - {kind: VersionsCatalogue, name: versions, fieldPath: '{.spec.files[?(@.name=="sonobuoy")].url}', targetPath: spec.extraVars.sonobuoy}
    - {kind: VersionsCatalogue, name: versions, fieldPath: "spec.files[name=kubectl].url", targetPath: "files.fetch_from_url[0].url"}
    - {kind: VersionsCatalogue, name: versions, fieldPath: spec.files, targetPath: extraVars.replaced.files}
    - {kind: VariableCatalogue, name: site, fieldPath: suite, targetPath: suite}
    - {kind: ConfigMap, name: settings, fieldPath: data.timeout, targetPath: osKernel.grub.GRUB_TIMEOUT}
    - {kind: ConfigMap, name: settings, fieldPath: data.network, targetPath: networking.networkData}
    - {kind: Secret, name: keys, fieldPath: data.token, targetPath: extraVars.token}
    - {kind: Secret, name: keys, fieldPath: data.user-data, targetPath: cloudInit.userData}
  files:
    fetch_from_url: [{url: "https://overridden.example.org/x"}]
  software: {packages: [kubectl]}`), Selection{})
	spec := p.NodeProfile.Spec
	assert.Equal(t, "1.30.1-1.1", spec.Software.K8sVersion)
	assert.Equal(t, []string{"kubectl=1.30.1-1.1"}, spec.Software.Packages)
	assert.Equal(t, "https://dl.example.org/kubectl", spec.Files.FetchFromURL[0].URL)
	assert.Equal(t, "trixie", spec.Suite)
	assert.Equal(t, 30, *spec.OSKernel.Grub.Timeout)
	assert.Equal(t, []any{}, spec.Networking.NetworkData["networks"])
	assert.Equal(t, "#cloud-config\npassword: hunter2222\n", spec.CloudInit.UserData)
	assert.Equal(t, int64(1), spec.ExtraVars["kept"])
	assert.Equal(t, "https://dl.example.org/sonobuoy", spec.ExtraVars["sonobuoy"])
	assert.Equal(t, "hunter22hunter22", spec.ExtraVars["token"])
	assert.Equal(t, int64(1), spec.ExtraVars["replaced"].(map[string]any)["a"])
	assert.Empty(t, spec.ValuesFrom)

	assert.True(t, p.IsSecret("spec.cloudInit"))
	assert.True(t, p.IsSecret("spec.extraVars.token"))
	assert.False(t, p.IsSecret("spec.extraVars.kept"))
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	assert.NotContains(t, text, "hunter2")
	assert.Contains(t, text, "token: airship-secret:spec.extraVars.token")
}

func TestValuesFromThatAreWrong(t *testing.T) {
	for want, from := range map[string]string{
		"name: there is no VersionsCatalogue version; did you mean versions?":                                                                              `kind: VersionsCatalogue, name: version, fieldPath: a, targetPath: suite`,
		"kind: there is no document of kind VersionCatalogue among the documents; did you mean VersionsCatalogue?":                                         `kind: VersionCatalogue, name: versions, fieldPath: a, targetPath: suite`,
		"fieldPath: spec has no field kubernets; did you mean kubernetes? in VersionsCatalogue versions (FILE:1:1)":                                        `kind: VersionsCatalogue, name: versions, fieldPath: spec.kubernets.version, targetPath: suite`,
		"fieldPath: spec.kubernetes is a string, so it has no field version in VersionsCatalogue versions (FILE:1:1)":                                      `kind: VersionsCatalogue, name: versions, fieldPath: spec.kubernetes.version, targetPath: suite`,
		"fieldPath: spec.files has 2 elements, so no [2]; the first is [0] in VersionsCatalogue versions (FILE:1:1)":                                       `kind: VersionsCatalogue, name: versions, fieldPath: "spec.files[2]", targetPath: suite`,
		"fieldPath: no element of spec.files has name kubctl; did you mean kubectl? in VersionsCatalogue versions (FILE:1:1)":                              `kind: VersionsCatalogue, name: versions, fieldPath: "spec.files[name=kubctl]", targetPath: suite`,
		"fieldPath: {.spec begins with { and does not end with }":                                                                                          `kind: VersionsCatalogue, name: versions, fieldPath: "{.spec", targetPath: suite`,
		"targetPath: spec.software has no field k8s_verson; did you mean k8s_version?":                                                                     `kind: VersionsCatalogue, name: versions, fieldPath: spec.kubernetes, targetPath: software.k8s_verson`,
		"targetPath: extends cannot come from another document":                                                                                            `kind: VersionsCatalogue, name: versions, fieldPath: spec.kubernetes, targetPath: "extends[0]"`,
		"targetPath: software.packages is nothing, so it has no element [0]; want a field, or an element of a list that this profile's own documents have": `kind: VersionsCatalogue, name: versions, fieldPath: spec.kubernetes, targetPath: "software.packages[0]"`,
		"fieldPath: is required; want a string":                                                                                                            `kind: VersionsCatalogue, name: versions, targetPath: suite`,
	} {
		text := catalogues + profileText("node", "\n  valuesFrom:\n    - {"+from+"}")
		got := refused(t, text, Selection{})
		_, field, _ := strings.Cut(got, "spec.valuesFrom[0].")
		assert.Equal(t, want, field, got)
	}
	// A value of the wrong type is told where it stands.
	assert.Equal(t, "FILE:7:7: spec.suite: want a string, found a mapping",
		refused(t, catalogues+profileText("node", `{valuesFrom: [{kind: VersionsCatalogue, name: versions, fieldPath: "spec.files[0]", targetPath: suite}]}`), Selection{}))
	bad := strings.Replace(catalogues, "aHVudGVyMjJodW50ZXIyMg==", "hunter2222", 1)
	got := refused(t, bad+profileText("node", `{valuesFrom: [{kind: Secret, name: keys, fieldPath: data.token, targetPath: extraVars.x}]}`), Selection{})
	assert.Contains(t, got, "FILE:29:10 is not base64")
	assert.NotContains(t, got, "hunter2")
}
