package transpose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// What the files of each directory become.
func TestEntryPoints(t *testing.T) {
	for _, directory := range glob(t, "testdata/entry/*") {
		if filepath.Ext(directory) != "" {
			continue
		}
		t.Run(filepath.Base(directory), func(t *testing.T) {
			r := &tree.Report{}
			before := loadAll(t, r, glob(t, directory+"/*.yaml")...)
			after := Documents(before, Environment{Load: load}, r)
			require.NoError(t, r.Err())
			golden(t, directory+".golden", rendered(t, before, after, r))
		})
	}
}

// Each bad entry point is refused in the words of a golden file.
func TestEntryPointMistakes(t *testing.T) {
	for _, directory := range glob(t, "testdata/entry-mistakes/*") {
		if filepath.Ext(directory) != "" {
			continue
		}
		t.Run(filepath.Base(directory), func(t *testing.T) {
			r := &tree.Report{}
			before := loadAll(t, r, glob(t, directory+"/*.yaml")...)
			require.NoError(t, r.Err(), "the files themselves")
			Documents(before, Environment{Load: load}, r)
			require.Error(t, r.Err())
			golden(t, directory+".txt", r.Err().Error()+"\n")
		})
	}
}

// parse is the documents of a text in a file of a name.
func parse(t *testing.T, file, text string) []*tree.Node {
	t.Helper()
	r := &tree.Report{}
	roots := tree.Parse(file, []byte(text), r)
	require.NoError(t, r.Err())
	return roots
}

// actionsOf are the names and actions of the AirshipImages among documents.
func actionsOf(documents []*tree.Node) map[string]string {
	out := map[string]string{}
	for _, root := range documents {
		if root.Get("kind").String() == "AirshipImage" {
			out[nameOf(root)] = root.Get("spec", "builder", "action").String()
		}
	}
	return out
}

func TestImageType(t *testing.T) {
	for _, c := range []struct{ imageType, file, text, name, action string }{
		{"", "d/b.yaml", "builder: {imageType: qcow}", "d", "build-qcow"},
		{"iso", "d/b.yaml", "builder: {imageType: qcow}", "d", "build-iso"},
		{"rootfs", "d/b.yaml", "builder: {outputFileName: a.iso}", "a", "build-root"},
		{"", "d/b.yaml", "user_data: a", "d", "build-iso"},
		{"qcow", "d/b.yaml", "user_data: a", "d", "build-qcow"},
		{"iso", "d/b.yaml", "qcow: {}", "d", "build-iso"},
		{"", "d/b.yaml", "qcow: {}\nuser_data: a", "d", "build-iso"},
		{"qcow", "d/qcow-vars.yaml", "qcow_capacity: 20G", "d", "build-qcow"},
		{"", "d/qcow-vars.yaml", "qcow_capacity: 20G", "", ""},
	} {
		t.Run(c.imageType+" "+c.text, func(t *testing.T) {
			r := &tree.Report{}
			out := Documents(parse(t, c.file, c.text), Environment{ImageType: c.imageType}, r)
			require.NoError(t, r.Err())
			want := map[string]string{}
			if c.name != "" {
				want[c.name] = c.action
			}
			assert.Equal(t, want, actionsOf(out))
		})
	}

	r := &tree.Report{}
	Documents(parse(t, "b.yaml", "builder: {imageType: qcow}"), Environment{ImageType: "qcw"}, r)
	require.EqualError(t, r.Err(), "IMAGE_TYPE: unknown form of an image qcw; did you mean qcow?")

	r = &tree.Report{}
	Documents(parse(t, "a.yaml", "apiVersion: v1\nkind: Secret"), Environment{ImageType: "qcw"}, r)
	require.NoError(t, r.Err(), "nothing asks for the environment's type")
}

// Documents that nobody knows stay as they are, for the room that says what is missing in them.
func TestUnknownDocuments(t *testing.T) {
	for _, text := range []string{
		"a: b", "[1]", "text", "kind: AirshipImage/v1\nname: base\nspec: {builder: {}}", "apiVersion: v1\nqcow: {}",
		"metadata: {name: a}\nsysctl: []", "apiVersion: airshipit.org/v2\nkind: ImageConfiguration\nmetadata: {name: a}",
	} {
		r := &tree.Report{}
		before := parse(t, "a.yaml", text)
		assert.Equal(t, before, Documents(before, Environment{}, r), text)
		assert.NoError(t, r.Err(), text)
	}
}

// A v1 file's vars file is read once, whether it is among the documents or not.
func TestNamedFileAmongDocuments(t *testing.T) {
	builder := parse(t, "d/builder.yaml", "builder: {osconfigVarsFileName: os.yaml}")
	vars := parse(t, "d/os.yaml", "sysctl: []")
	loaded := func(string, *tree.Report) []*tree.Node { return vars }
	for name, documents := range map[string][]*tree.Node{"among": append(vars, builder...), "loaded": builder} {
		t.Run(name, func(t *testing.T) {
			r := &tree.Report{}
			out := Documents(documents, Environment{Load: loaded}, r)
			require.NoError(t, r.Err())
			require.Len(t, out, 2)
			assert.NotNil(t, out[0].Get("spec", "osKernel", "sysctl"))
		})
	}

	r := &tree.Report{}
	Documents(builder, Environment{}, r)
	require.EqualError(t, r.Err(), "d/builder.yaml:1:33: builder.osconfigVarsFileName: names a file, which is not read here; write its variables into a NodeProfile")
}

func TestHostPath(t *testing.T) {
	for _, c := range []struct{ volume, name, want string }{
		{"", "user-data", "site/user-data"},
		{"./examples:/config", "user-data", "site/examples/user-data"},
		{"/srv/iso:/config", "user-data", "/srv/iso/user-data"},
		{"/srv/iso:/config:ro", "/config/user-data", "/srv/iso/user-data"},
		{"/srv/iso:/config/", "/config/a/user-data", "/srv/iso/a/user-data"},
		{"/srv/iso:/config", "/configuration/user-data", "/configuration/user-data"},
		{"/srv/iso:/config", "../user-data", "/srv/user-data"},
		{"/srv/iso", "user-data", "/srv/iso/user-data"},
		{"..:/config", "user-data", "user-data"},
	} {
		assert.Equal(t, filepath.FromSlash(c.want), HostPath("site/image.yaml", c.volume, c.name), "%+v", c)
	}
}

func TestEntryName(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	for _, c := range []struct{ output, directory, want string }{
		{"data-plane.qcow2", "site", "data-plane"},
		{"out/Control_Plane.v2.qcow2", "site", "control-plane-v2"},
		{"rootfs.tar.zst", "site", "rootfs"},
		{".iso", "site", "iso"},
		{"", "manifests/Site One", "site-one"},
		{"___", "a/---", "airship-image"},
		{"", ".", filepath.Base(here)},
		{"0123456789012345678901234567890123456789012345678901234567890-23456789", "", "0123456789012345678901234567890123456789012345678901234567890-2"},
	} {
		var output *tree.Node
		if c.output != "" {
			output = tree.Text(c.output, tree.Place{})
		}
		assert.Equal(t, c.want, entryName(output, c.directory), "%+v", c)
	}
}

// A file is the same whether it is named from the root or from here.
func TestNamedFileByAbsolutePath(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	builder := parse(t, "d/builder.yaml", "container: {volume: '"+filepath.Join(here, "d")+":/config'}\nbuilder: {osconfigVarsFileName: os.yaml}")
	r := &tree.Report{}
	out := Documents(append(parse(t, "d/os.yaml", "sysctl: []"), builder...), Environment{}, r)
	require.NoError(t, r.Err())
	require.Len(t, out, 2, "the vars file has become a profile of its own")
}
