package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const networkYAML = `links: [{id: eth0, type: phy, ethernet_mac_address: "52:54:00:00:00:01"}]
networks: []
services: []
`

// An image's params and the files it names lie over the profile; several images are several variants.
func TestImageParams(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "config"), 0o755))
	for name, text := range map[string]string{
		"user-data": "#cloud-config\nlocale: C\n", "config/network.yaml": networkYAML,
		"site.yaml": profileText("node", `{platform: vm, software: {packages: [cloud-init]}, cloudInit: {userData: "#cloud-config\n"}}`) +
			imageText("plain", `{nodeProfileRef: {name: node}}`) +
			imageText("iso", `{nodeProfileRef: {name: node}, container: {volume: "./config:/config"}, params: {platform: baremetal, software: {packages_append: ["{{ kernel_base_pkg }}"]}, osKernel: {kernel_base_pkg: linux-image-amd64}}, `+
				`builder: {action: build-iso, networkConfigFileName: network.yaml, outputFileName: node.iso, outputMetadataFileName: meta.yaml}, hostSelector: {matchLabels: {role: node}}}`) +
			imageText("cloud", `{nodeProfileRef: {name: node}, builder: {userDataFileName: user-data}}
status: {url: "https://images.example.org/node.qcow2", checksum: ab, size: 5, digests: {plan: cd}}`),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	source := Source{Documents: []string{dir}}
	set, err := source.Read(t.Context())
	require.NoError(t, err)
	_, err = set.Select(Selection{Name: "node"})
	assert.EqualError(t, err, "the profile node has 3 AirshipImages and none is chosen by name; they are: cloud, iso, plain")
	_, err = set.Select(Selection{Name: "node", Image: "isso"})
	assert.EqualError(t, err, "no AirshipImage of the profile node is named isso; did you mean iso?")

	of := func(image string) *Profile {
		profile, err := one(chooseAll(t, source, Selection{Image: image}))
		require.NoError(t, err)
		return profile
	}
	plain, iso, cloud := of("plain"), of("iso"), of("cloud")
	assert.Equal(t, "vm", plain.NodeProfile.Spec.Platform)
	assert.Equal(t, "baremetal", iso.NodeProfile.Spec.Platform)
	assert.Equal(t, []string{"cloud-init"}, plain.NodeProfile.Spec.Software.Packages)
	assert.Equal(t, []string{"cloud-init", "linux-image-amd64"}, iso.NodeProfile.Spec.Software.Packages)
	assert.Equal(t, []string{"linux-image-amd64"}, iso.Image.Spec.Params.Software.PackagesAppend)
	assert.Equal(t, "node.iso", iso.NodeProfile.Spec.Storage.ImgName)
	assert.Len(t, iso.NodeProfile.Spec.Networking.NetworkData["links"], 1)
	assert.Equal(t, "#cloud-config\n", iso.NodeProfile.Spec.CloudInit.UserData)
	assert.Equal(t, "#cloud-config\nlocale: C\n", cloud.NodeProfile.Spec.CloudInit.UserData)
	assert.Equal(t, "build-iso", iso.Image.Spec.Builder.Action)
	assert.Equal(t, "build-qcow", plain.Image.Spec.Builder.Action)
	assert.Equal(t, map[string]string{"role": "node"}, iso.Image.Spec.HostSelector.MatchLabels)
	assert.Equal(t, int64(5), cloud.Image.Status.Size)
	assert.Equal(t, []string{filepath.Join(dir, "site.yaml"), filepath.Join(dir, "config/network.yaml")}, iso.Files)
	assert.Len(t, iso.Warnings, 1)
	assert.Contains(t, iso.Warnings[0], "site.yaml:14: spec.container: no container is used")
	image, err := cloud.ImageYAML()
	require.NoError(t, err)
	assert.Contains(t, image, "checksum: ab")

	// What is handed on has all of this in it, once.
	for _, p := range []*Profile{plain, iso, cloud} {
		text, err := p.SourcedYAML()
		require.NoError(t, err)
		again, err := Parse(t.Context(), text, "profile_yaml")
		require.NoError(t, err)
		assert.Equal(t, p.NodeProfile, again.NodeProfile)
		assert.Equal(t, p.Image, again.Image)
		assert.Equal(t, p.Warnings, again.Warnings)
	}

	all := chooseAll(t, source, Selection{All: true})
	assert.Len(t, all, 3)
}

// A set of images without a profile is built of their params.
func TestImageAlone(t *testing.T) {
	p := choose(t, imageText("base", `{params: {software: {packages: [vim]}}}`), Selection{})
	assert.Equal(t, "base", p.NodeProfile.Name)
	assert.Equal(t, "base", p.Image.Name)
	assert.Equal(t, []string{"vim"}, p.Packages())
	p = choose(t, imageText("airship-default", `{params: {distribution: debian}}`), Selection{})
	assert.Equal(t, "airship-default", p.NodeProfile.Name)
}

func TestRootFS(t *testing.T) {
	text := strings.Replace(imageText("root", `{nodeProfileRef: {name: node}}`), "AirshipImage", "AirshipImageRootFS", 1)
	p := choose(t, profileText("node", `{}`)+text, Selection{})
	assert.Equal(t, "build-root", p.Image.Spec.Builder.Action)
	assert.Equal(t, "AirshipImageRootFS", p.Image.Kind)
	assert.Equal(t, "FILE:9:56: spec.builder.action: an AirshipImageRootFS is built by build-root alone; for build-iso want kind AirshipImage",
		refused(t, profileText("node", `{}`)+strings.Replace(text, "}}", "}, builder: {action: build-iso}}", 1), Selection{}))
}

func TestImagesThatAreWrong(t *testing.T) {
	profile := profileText("node", `{}`)
	for name, test := range map[string]struct{ image, want string }{
		"no such profile": {`{nodeProfileRef: {name: nodes}}`, "FILE:9:31: spec.nodeProfileRef.name: there is no NodeProfile nodes; did you mean node?"},
		"no profile":      {`{params: {platform: vm}}`, "FILE:6:1: spec.nodeProfileRef: is required, as there is no NodeProfile of the image's own name image; known: airship-default, node"},
		"extends":         {`{nodeProfileRef: {name: node}, params: {extends: [x]}}`, "FILE:9:47: spec.params.extends: belongs to a NodeProfile; params are its areas alone"},
		"a typo":          {`{nodeProfileRef: {name: node}, params: {sofware: {}}}`, "FILE:9:47: spec.params.sofware: unknown field; did you mean software?"},
		"a type":          {`{nodeProfileRef: {name: node}, params: {platform: [vm]}}`, "FILE:9:47: spec.params.platform: want a string, found a list"},
		"a value":         {`{nodeProfileRef: {name: node}, params: {platform: vn}}`, "FILE:9:57: spec.params.platform: unknown platform vn; did you mean vm?"},
		"an action":       {`{nodeProfileRef: {name: node}, builder: {action: build-qcov}}`, "FILE:9:56: spec.builder.action: unknown action build-qcov; did you mean build-qcow?"},
		"no file":         {`{nodeProfileRef: {name: node}, builder: {userDataFileName: /nowhere/user-data}}`, "FILE:9:66: spec.builder.userDataFileName: /nowhere/user-data: there is no such file or directory"},
		"a directory":     {`{nodeProfileRef: {name: node}, builder: {networkConfigFileName: .}}`, "is not a file"},
		"a volume":        {`{nodeProfileRef: {name: node}, container: {volume: "/nowhere:/config"}, builder: {userDataFileName: user-data}}`, "FILE:9:107: spec.builder.userDataFileName: /nowhere/user-data: there is no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, refused(t, profile+imageText("image", test.image), Selection{}), test.want)
		})
	}
	assert.Equal(t, "FILE:13:18: metadata.name: another AirshipImage is named image, in FILE:6:1",
		refused(t, profile+imageText("image", `{nodeProfileRef: {name: node}}`)+imageText("image", `{nodeProfileRef: {name: node}}`), Selection{}))
}

// What HCL overrides lies over everything, and only what is chosen is checked then.
func TestOverrides(t *testing.T) {
	file := write(t, profileText("node", `{platform: vm, software: {packages: [aa]}, storage: {qcow_capacity: wrong}}`)+
		profileText("other", `{suite: wrong}`)+imageText("image", `{nodeProfileRef: {name: node}, params: {networking: {hostname: image}}}`))
	source := Source{Documents: []string{file}, Platform: "azure", Overrides: `
software: {packages_append: [bb]}
networking: {hostname: hcl}
platform: gcp
suite: trixie
`}
	p, err := one(chooseAll(t, source, Selection{Name: "node"}))
	require.NoError(t, err)
	assert.Equal(t, "azure", p.NodeProfile.Spec.Platform)
	assert.Equal(t, "hcl", p.NodeProfile.Spec.Networking.Hostname)
	assert.Equal(t, []string{"aa", "bb"}, p.NodeProfile.Spec.Software.Packages)

	for overrides, want := range map[string]string{
		"platform: gpc":         "overrides:1:11: spec.platform: unknown platform gpc; did you mean gcp?",
		"sofware: {}":           "overrides:1:1: spec.sofware: unknown field; did you mean software?",
		"[a]":                   "overrides:1:1: want areas of a NodeProfile's spec, found a list",
		"extends: [x]":          "overrides:1:1: spec.extends: belongs to a NodeProfile; overrides are areas alone",
		"a: b\n---\nc: d":       "overrides:3:1: want one document with areas of a NodeProfile's spec; this is another one",
		"software:\n\tpackages": "overrides:2: not valid YAML: a tab indents this line; YAML takes spaces only",
	} {
		source := Source{Documents: []string{file}, Overrides: overrides}
		set, err := source.Read(t.Context())
		if err == nil {
			_, err = set.Select(Selection{Name: "node"})
		}
		require.Error(t, err)
		assert.Contains(t, err.Error(), want)
	}
	source = Source{Documents: []string{file}, Platform: "vmm"}
	set, err := source.Read(t.Context())
	require.NoError(t, err)
	_, err = set.Select(Selection{Name: "node"})
	assert.EqualError(t, err, "platform: spec.platform: unknown platform vmm; did you mean vm?")
}
