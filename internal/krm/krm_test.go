package krm

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
)

const profile = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata:
  name: worker
  annotations: {config.kubernetes.io/path: 'site/worker.yaml', config.kubernetes.io/index: '0'}
spec:
  software:
    packages: [openssh-server]
`

const image = `apiVersion: airshipit.org/v1alpha1
kind: ImageConfiguration
metadata: {name: worker}
spec:
  isobuilder: {}
  qcowbuilder: {}
  publish: {registry: registry.example.org/site/images}
`

// run gives a list to the command, without a Packer to go on with.
func run(t *testing.T, config string, items ...string) (string, error) {
	t.Helper()
	var list strings.Builder
	list.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n")
	if config != "" {
		list.WriteString("functionConfig:\n" + indented("  ", config))
	}
	list.WriteString("items:\n")
	for _, item := range items {
		list.WriteString("- " + strings.TrimPrefix(indented("  ", item), "  "))
	}
	return runWith(t, list.String(), nil)
}

func runWith(t *testing.T, input string, env map[string]string) (string, error) {
	t.Helper()
	t.Setenv("PATH", t.TempDir())
	var out, said bytes.Buffer
	err := Run(t.Context(), Environment{
		Stdin: strings.NewReader(input), Stdout: &out, Stderr: &said,
		Getenv: func(name string) string { return env[name] },
		Mounts: func() ([]string, error) { return nil, nil },
	})
	return out.String(), err
}

func indented(by, text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(by + line)
	}
	return out.String()
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ config, item, want string }{
		"no configuration": {"", profile, "the function has no configuration: want one of [AirshipImage"},
		"another kind": {
			"apiVersion: airshipit.org/v1alpha1\nkind: ImageConfigration\nmetadata: {name: worker}\n", profile,
			"did you mean ImageConfiguration?",
		},
		"another group":  {"apiVersion: example.org/v1\nkind: AirshipImage\nmetadata: {name: worker}\n", profile, "want airshipit.org/v1alpha1"},
		"without a name": {"apiVersion: airshipit.org/v1alpha1\nkind: AirshipImage\nspec: {}\n", profile, "metadata.name: is required"},
		"a mistake": {
			image, strings.Replace(profile, "software", "sofware", 1),
			": site/worker.yaml:6:3: spec.sofware: unknown field; did you mean software?",
		},
		"lost": {
			strings.Replace(image, "  publish: {registry: registry.example.org/site/images}\n", "", 1), profile,
			"the image worker-iso would be lost: give it spec.publish, or a container.volume that is mounted",
		},
		"no packer": {image, profile, "there is no program packer on the PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := run(t, c.config, c.item)
			require.ErrorContains(t, err, c.want)
			assert.Contains(t, out, "kind: ResourceList")
			assert.Contains(t, out, "severity: error")
			assert.Contains(t, out, "name: worker", "the documents are lost")
			assert.Contains(t, out, "config.kubernetes.io/path: 'site/worker.yaml'")
		})
	}
}

func TestRefusedInput(t *testing.T) {
	for input, want := range map[string]string{
		"":                  "there is nothing to build",
		"kind: NodeProfile": "stdin has a document of the kind NodeProfile: want a ResourceList",
		"osconfig: {}\n":    "no volume is mounted below the root directory",
	} {
		_, err := runWith(t, input, nil)
		require.ErrorContains(t, err, want)
	}
	_, err := runWith(t, "", map[string]string{variableConfig: "/nowhere/builder-conf.yaml"})
	require.ErrorContains(t, err, "BUILDER_CONFIG: open /nowhere/builder-conf.yaml")
}

func TestTemplate(t *testing.T) {
	p := &document.Profile{}
	p.NodeProfile.Name, p.Image.Name = "worker", "worker.one"
	p.Image.Spec.Publish = v1alpha1.Publication{Registry: "registry.example.org/images", Directory: "images"}
	other := &document.Profile{OutputDirectory: "/config"}
	other.NodeProfile.Name, other.Image.Name = "worker", "other"
	text, err := build{
		Documents: []string{"documents/${x}.yaml"}, Host: "/srv/images", Publish: true, From: "/site", Images: []*document.Profile{p, other},
	}.template()
	require.NoError(t, err)
	golden := filepath.Join("testdata", "template.pkr.json")
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(text)+"\n")
	require.True(t, json.Valid(text))
}

func TestPaths(t *testing.T) {
	item := yaml.MustParse(profile)
	for path, want := range map[string]string{
		"":                    "documents/0007-nodeprofile-worker.yaml",
		"a/b.yml":             "documents/a/b.yml",
		"../other/site.yaml":  "documents/other/site.yaml",
		"/etc/../../x.yaml":   "documents/x.yaml",
		"a/template.pkr.hcl":  "documents/a/template.pkr.hcl.yaml",
		"a/../../../up/x.yml": "documents/up/x.yml",
	} {
		got, err := pathOf(path, item, 7)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestDocumentsComeBack(t *testing.T) {
	t.Chdir(t.TempDir())
	first, second := yaml.MustParse(profile), yaml.MustParse(strings.Replace(profile, "name: worker", "name: other", 1))
	untouched, err := second.String()
	require.NoError(t, err)
	configuration := yaml.MustParse(`apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata:
  name: worker
  annotations:
    config.kubernetes.io/function: "exec: {path: function}"
    config.kubernetes.io/local-config: "true"
`)
	rl := &framework.ResourceList{Items: []*yaml.RNode{first, second}, FunctionConfig: configuration}
	s, err := writeSite(rl)
	require.NoError(t, err)
	require.NoError(t, s.write())

	text, err := os.ReadFile("documents/site/worker.yaml")
	require.NoError(t, err)
	assert.NotContains(t, string(text), "config.kubernetes.io", "a document has where it is from in it")
	for _, name := range []string{"cache", "output", "template"} {
		require.NoError(t, os.MkdirAll(name, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(name, "no-document.yaml"), []byte("{}: {"), 0o600))
	}
	changed := strings.Replace(string(text), "[openssh-server]", "[openssh-server, vim] # a comment", 1)
	require.NoError(t, os.WriteFile("documents/site/worker.yaml", []byte(changed), 0o600))
	require.NoError(t, os.WriteFile("documents/new.yaml", []byte("kind: New\nmetadata: {name: made}\n"), 0o600))
	require.NoError(t, s.read(rl))

	require.Len(t, rl.Items, 4)
	got, err := rl.Items[0].String()
	require.NoError(t, err)
	assert.Contains(t, got, "[openssh-server, vim] # a comment")
	assert.Equal(t, "site/worker.yaml", rl.Items[0].GetAnnotations()["config.kubernetes.io/path"])
	got, err = rl.Items[1].String()
	require.NoError(t, err)
	assert.Equal(t, untouched, got)
	var made []string
	for _, item := range rl.Items[2:] {
		for name := range item.GetAnnotations() {
			assert.Contains(t, []string{"internal.config.kubernetes.io/path", "internal.config.kubernetes.io/index"}, name, "the image would run the function again, or be dropped")
		}
		made = append(made, item.GetAnnotations()["internal.config.kubernetes.io/path"])
	}
	assert.ElementsMatch(t, []string{"new.yaml", "airshipimage-worker.yaml"}, made)
}

// The configuration may lie among the documents: then it is changed there, and stays the function's.
func TestConfigurationAmongTheDocuments(t *testing.T) {
	t.Chdir(t.TempDir())
	const configuration = `apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata:
  name: worker
  annotations:
    config.kubernetes.io/function: "exec: {path: function}"
    config.kubernetes.io/path: 'site/image.yaml'
`
	rl := &framework.ResourceList{Items: []*yaml.RNode{yaml.MustParse(profile), yaml.MustParse(configuration)}, FunctionConfig: yaml.MustParse(configuration)}
	s, err := writeSite(rl)
	require.NoError(t, err)
	require.NoError(t, s.write())
	assert.NoFileExists(t, "documents/site/image.yaml")
	require.NoError(t, s.read(rl))
	require.Len(t, rl.Items, 2)
	assert.Equal(t, configuration, rl.Items[1].MustString())

	text, err := os.ReadFile(configurationFile)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "function")
	require.NoError(t, os.WriteFile(configurationFile, append(text, "status: {url: oci://registry.example.org/images}\n"...), 0o600))
	require.NoError(t, s.read(rl))
	require.Len(t, rl.Items, 2)
	got := rl.Items[1].MustString()
	assert.Contains(t, got, "status: {url:")
	assert.Contains(t, got, "config.kubernetes.io/function: 'exec: {path: function}'")
	assert.Contains(t, got, "config.kubernetes.io/path: 'site/image.yaml'")
}

// A cache that cannot be written, such as an anonymous volume of another user, is told and not used.
func TestCacheOfAnotherUser(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", "/proc") // where nobody makes a file
	var said bytes.Buffer
	e := Environment{Stderr: &said, Getenv: os.Getenv}
	t.Setenv("PACKER_PLUGIN_PATH", t.TempDir())
	env, err := e.packerEnvironment(t.Context(), "/tmp/x")
	require.NoError(t, err)
	assert.Contains(t, env, "PACKER_CACHE_DIR=/tmp/x/cache")
	assert.Contains(t, said.String(), "cannot write")
}

// mounted has a place where these paths are mounts.
func mounted(paths ...string) Environment {
	return Environment{Mounts: func() ([]string, error) { return paths, nil }, Getenv: func(string) string { return "" }}
}

func TestVolume(t *testing.T) {
	here, other := t.TempDir(), t.TempDir()
	t.Chdir(filepath.Dir(here))
	for name, c := range map[string]struct {
		mounts             []string
		volume, want, host string
	}{
		"in the container":                      {nil, "/nowhere/images:" + here, here + ":" + here, "/nowhere/images"},
		"in a container with the host's name":   {[]string{"/", here}, other + ":" + here, here + ":" + here, other},
		"on the host":                           {nil, here + ":/nowhere/config", here + ":/nowhere/config", ""},
		"on the host, beside another directory": {nil, here + ":" + other, here + ":" + other, ""},
		"on the host, relative":                 {nil, filepath.Base(here) + ":/config", here + ":/config", ""},
		"without a side":                        {nil, here, here + ":" + here, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, document := range []string{"container: {volume: V}\n", "spec: {container: {volume: V}}\n"} {
				node := yaml.MustParse(strings.Replace(document, "V", "'"+c.volume+"'", 1))
				got, err := mounted(c.mounts...).inside(node)
				require.NoError(t, err)
				assert.Equal(t, c.host, got.host)
				text, err := node.String()
				require.NoError(t, err)
				assert.Contains(t, text, "'"+c.want+"'")
				got.restore(node)
				assert.Contains(t, node.MustString(), "'"+c.volume+"'")
			}
		})
	}
	_, err := mounted().inside(yaml.MustParse("container: {volume: '/nowhere/images:/config'}\n"))
	require.EqualError(t, err, "container.volume is /nowhere/images:/config, and there is neither a directory /nowhere/images nor /config here: "+
		"mount the host's as the other, or make it")
}

func TestVolumeOfAFileWithoutOne(t *testing.T) {
	node := yaml.MustParse("builder: {imageType: iso}\n")
	require.NoError(t, besideItself(node, "/config/builder-conf.yaml"))
	text, err := node.String()
	require.NoError(t, err)
	assert.Equal(t, "builder: {imageType: iso}\ncontainer:\n  volume: /config:/config\n", text)
	require.NoError(t, besideItself(node, "/elsewhere/builder-conf.yaml"))
	again, err := node.String()
	require.NoError(t, err)
	assert.Equal(t, text, again)
}

// The first entry point up to Packer: what lies in the volume is read, and what nobody names is not.
func TestFirstEntryPoint(t *testing.T) {
	volume := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(volume, name), []byte(text), 0o600))
	}
	config := filepath.Join(volume, "builder-conf.yaml")
	write("builder-conf.yaml", "container: {volume: '/nowhere/images:"+volume+"'}\nbuilder: {imageType: rootfs, osconfigVarsFileName: osconfig.yaml}\n")
	write("osconfig.yaml", "sysctl: []\n")
	write("qcow-vars.yaml", "no_variable: 1\n")
	_, err := runWith(t, "", map[string]string{variableConfig: config})
	require.ErrorContains(t, err, "there is no program packer on the PATH")

	write("multistrap-vars.yaml", "ubuntu_packages: [vim]\nkernel_base_package: none\n")
	_, err = runWith(t, "", map[string]string{variableConfig: config})
	require.ErrorContains(t, err, volume+"/multistrap-vars.yaml:2:1: kernel_base_package: unknown")
	require.NoError(t, os.Remove(filepath.Join(volume, "multistrap-vars.yaml")))

	_, err = runWith(t, "", map[string]string{variableConfig: config, "OSCONFIG_FILE": "other.yaml"})
	require.ErrorContains(t, err, volume+"/other.yaml")
}

const mountinfo = `22 1 0:20 / /proc rw - proc proc rw
23 1 8:1 / / rw - ext4 /dev/vda rw
24 1 8:1 /images /config rw - ext4 /dev/vda rw
25 1 8:1 /x /etc/hosts rw - ext4 /dev/vda rw
26 1 0:5 / /dev rw - devtmpfs dev rw
27 1 0:6 / /a\040volume rw - tmpfs tmpfs rw
short line
`

func TestMounts(t *testing.T) {
	assert.Equal(t, []string{"/proc", "/", "/config", "/etc/hosts", "/dev", "/a volume"}, mountsOf(mountinfo))
}

func TestPlaceOfTheImage(t *testing.T) {
	got, err := mounted("/proc", "/", "/etc/hosts", "/config", "/dev").volume()
	require.NoError(t, err)
	assert.Equal(t, "/config", got)

	e := mounted("/", "/etc/hosts", "/usr", "/srv/images", "/var", "/dev", "/nowhere")
	got, err = e.volume()
	require.NoError(t, err)
	assert.Equal(t, "/var", got)

	e.Getenv = func(name string) string { return map[string]string{"PACKER_CACHE_DIR": "/var"}[name] }
	got, err = e.volume()
	require.NoError(t, err)
	assert.Equal(t, "/usr", got, "the image went to the cache")

	_, err = mounted("/", "/tmp", "/dev/shm").volume()
	require.ErrorContains(t, err, "mount one as /config")
}

func FuzzMounts(f *testing.F) {
	f.Add(mountinfo)
	f.Fuzz(func(t *testing.T, text string) {
		for _, mount := range mountsOf(text) {
			assert.True(t, strings.HasPrefix(mount, "/"), mount)
		}
	})
}

func TestMD5(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("metadata.yaml", []byte("bootImagePath: node.qcow2\nmd5sum: abc\nname: node.qcow2\n"), 0o600))
	require.NoError(t, writeMD5("metadata.yaml"))
	text, err := os.ReadFile("node.qcow2.md5sum")
	require.NoError(t, err)
	assert.Equal(t, "abc\n", string(text))
}

// What a killed run left goes with the next; what a living one uses stays.
func TestPrivateDirectory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	killed, err := os.MkdirTemp("", directoryPattern)
	require.NoError(t, err)
	lock, err := lockDirectory(killed)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(killed, "secret.yaml"), nil, 0o600))
	require.NoError(t, lock.Close())

	var own string
	require.NoError(t, inDirectory(t.Context(), io.Discard, func(directory string) error {
		own = directory
		assert.NoDirExists(t, killed)
		require.NoError(t, inDirectory(t.Context(), io.Discard, func(other string) error {
			assert.NotEqual(t, directory, other)
			return nil
		}))
		assert.DirExists(t, directory)
		return nil
	}))
	assert.NoDirExists(t, own)
}
