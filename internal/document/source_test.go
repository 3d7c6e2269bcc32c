package document

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

// files writes files below a new directory.
func files(t testing.TB, texts map[string]string) (directory string) {
	t.Helper()
	directory = t.TempDir()
	for name, text := range texts {
		path := filepath.Join(directory, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return directory
}

// An overlay's values have the place of the patch or base that they are written in, and paths in them
// start there.
func TestKustomization(t *testing.T) {
	dir := files(t, map[string]string{
		"base/kustomization.yaml":    "resources: [node.yaml]\n",
		"base/node.yaml":             strings.TrimSuffix(profileText("node", "\n  platform: vm\n  software: {packages: [vim]}"), "---\n"),
		"overlay/kustomization.yaml": "resources: [../base, image.yaml]\npatches:\n  - path: patch.yaml\n",
		"overlay/patch.yaml":         strings.TrimSuffix(profileText("node", "\n  platform: azzure\n"), "---\n"),
		"overlay/image.yaml":         strings.TrimSuffix(imageText("image", `{nodeProfileRef: {name: node}, builder: {userDataFileName: user-data}}`), "---\n"),
		"overlay/user-data":          "#cloud-config\n",
	})
	overlay := filepath.Join(dir, "overlay")
	_, err := Source{Documents: []string{overlay}}.Read(t.Context())
	assert.EqualError(t, err, filepath.Join(overlay, "patch.yaml")+":5:13: spec.platform: unknown platform azzure; did you mean azure?")

	require.NoError(t, os.WriteFile(filepath.Join(overlay, "patch.yaml"), []byte(strings.TrimSuffix(profileText("node", "\n  platform: azure\n"), "---\n")), 0o600))
	p, err := one(chooseAll(t, Source{Documents: []string{overlay}}, Selection{}))
	require.NoError(t, err)
	assert.Equal(t, "azure", p.NodeProfile.Spec.Platform)
	assert.Equal(t, []string{"vim"}, p.Packages())
	assert.Equal(t, "#cloud-config\n", p.NodeProfile.Spec.CloudInit.UserData)
	assert.Equal(t, "image", p.Image.Name)
}

// What sops encrypted stays a secret through a kustomization, copies of it included.
func TestEncryptedKustomization(t *testing.T) {
	key := sopstest.NewKey(t)
	dir := files(t, map[string]string{
		"kustomization.yaml": `resources: [node.yaml, secret.yaml]
replacements:
  - source: {kind: VariableCatalogue, name: keys, fieldPath: spec.token}
    targets:
      - select: {kind: NodeProfile}
        fieldPaths: [spec.extraVars.copied]
      - select: {kind: NodeProfile}
        fieldPaths: [spec.extraVars.url]
        options: {delimiter: "/", index: 1}
`,
		"node.yaml": strings.TrimSuffix(profileText("node", `
  valuesFrom: [{kind: VariableCatalogue, name: keys, fieldPath: spec.number, targetPath: extraVars.number}]
  extraVars: {copied: "", clear: visible, url: host/TOKEN/path}`), "---\n"),
		"secret.yaml": string(key.Encrypt(t, "apiVersion: airshipit.org/v1alpha1\nkind: VariableCatalogue\nmetadata: {name: keys}\nspec: {token: opensesame-1, number: 42}\n", "--encrypted-regex", "^spec$")),
	})
	key.Use(t)
	p, err := one(chooseAll(t, Source{Documents: []string{dir}}, Selection{}))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"copied": "opensesame-1", "clear": "visible", "number": int64(42), "url": "host/opensesame-1/path"}, map[string]any(p.NodeProfile.Spec.ExtraVars))
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	assert.NotContains(t, text, "opensesame")
	assert.Contains(t, text, "copied: airship-secret:spec.extraVars.copied")
	assert.Contains(t, text, "number: airship-secret:spec.extraVars.number")
	assert.Contains(t, text, "url: airship-secret:spec.extraVars.url")
	assert.Contains(t, p.Secrets(), "host/opensesame-1/path")
	assert.Contains(t, text, "clear: visible")

	p, err = one(chooseAll(t, Source{Documents: []string{dir}, LeaveEncrypted: true}, Selection{}))
	require.NoError(t, err)
	text, err = p.SourcedYAML()
	require.NoError(t, err)
	assert.NotContains(t, text, "ENC[")
	assert.Contains(t, text, "copied: airship-secret:spec.extraVars.copied")
}

// A phase reads its executor and its entry point, which starts at the site's root.
func TestPhase(t *testing.T) {
	const phase = `apiVersion: airshipit.org/v1alpha1
kind: Phase
metadata: {name: bootstrap}
config:
  executorRef: {apiVersion: airshipit.org/v1alpha1, kind: AirshipImage, name: isogen}
  documentEntryPoint: manifests/site/ephemeral
`
	dir := files(t, map[string]string{
		"manifests/phases/phases.yaml": phase,
		"manifests/phases/executors.yaml": strings.TrimSuffix(imageText("isogen", `{nodeProfileRef: {name: node}, builder: {action: build-iso}}`)+
			imageText("other", `{nodeProfileRef: {name: worker}}`), "---\n"),
		"manifests/phases/site.yaml":                  strings.TrimSuffix(profileText("node", "{platform: vm}")+profileText("worker", "{}"), "---\n"),
		"manifests/site/ephemeral/kustomization.yaml": "resources: [node.yaml]\n",
		"manifests/site/ephemeral/node.yaml":          strings.TrimSuffix(profileText("node", "{platform: baremetal}"), "---\n"),
	})
	given := filepath.Join(dir, "manifests", "phases")
	p, err := one(chooseAll(t, Source{Documents: []string{given}, Phase: "bootstrap"}, Selection{}))
	require.NoError(t, err)
	assert.Equal(t, "isogen", p.Image.Name)
	assert.Equal(t, "build-iso", p.Image.Spec.Builder.Action)
	assert.Equal(t, "baremetal", p.NodeProfile.Spec.Platform)

	_, err = Source{Documents: []string{given}, Phase: "bootsrap"}.Read(t.Context())
	assert.EqualError(t, err, "there is no Phase bootsrap; did you mean bootstrap?")
	require.NoError(t, os.WriteFile(filepath.Join(given, "phases.yaml"), []byte(strings.Replace(phase, "ephemeral", "ephemral", 1)), 0o600))
	_, err = Source{Documents: []string{given}, Phase: "bootstrap"}.Read(t.Context())
	assert.EqualError(t, err, filepath.Join(given, "phases.yaml")+":6:23: config.documentEntryPoint: there is no such directory below "+given+
		" or any directory above it; tried manifests/site/ephemral and site/ephemral in each")
}

// Other kinds are transposed into the two that are read here.
func TestTransposed(t *testing.T) {
	p := choose(t, profileText("node", "{}")+`apiVersion: airshipit.org/v1alpha1
kind: VariableCatalogue
metadata: {name: site-software, labels: {airshipit.org/node-profile: node}}
software: {packages: [vim]}
---
apiVersion: airshipit.org/v1alpha1
kind: ImageConfiguration
metadata: {name: qcow}
spec:
  nodeProfileRef: {name: node}
  image: {type: qcow, outputFileName: node.qcow2}
`, Selection{})
	assert.Equal(t, []string{"vim"}, p.Packages())
	assert.Equal(t, "qcow", p.Image.Name)
	assert.Equal(t, "build-qcow", p.Image.Spec.Builder.Action)
	assert.Equal(t, "node.qcow2", p.NodeProfile.Spec.Storage.ImgName)
}

func TestSelectByLabels(t *testing.T) {
	labelled := func(name, labels string) string {
		return strings.Replace(profileText(name, "{}"), "{name: "+name+"}", "{name: "+name+", labels: {"+labels+"}}", 1)
	}
	file := write(t, labelled("cp", "role: control, site: lab")+labelled("w1", "role: worker, site: lab")+labelled("w2", "role: worker, site: prod")+profileText("bare", "{}"))
	set, err := Source{Documents: []string{file}}.Read(t.Context())
	require.NoError(t, err)
	for _, test := range []struct {
		selection Selection
		want      []string
		problem   string
	}{
		{Selection{Labels: "role=worker"}, []string{"w1", "w2"}, ""},
		{Selection{Labels: "role in (worker),site!=lab"}, []string{"w2"}, ""},
		{Selection{Labels: "role=worker", Name: "w1"}, []string{"w1"}, ""},
		{Selection{All: true}, []string{"cp", "w1", "w2", "bare"}, ""},
		{Selection{Labels: "role=storage"}, nil, "no NodeProfile has the labels role=storage; there are: bare (none), cp (role=control,site=lab), w1 (role=worker,site=lab), w2 (role=worker,site=prod)"},
		{Selection{Labels: "role=("}, nil, "the selector role=( is not valid: "},
		{Selection{}, nil, "the documents hold 4 NodeProfiles and none is chosen by name; they are: bare, cp, w1, w2"},
	} {
		chosen, err := set.Select(test.selection)
		if test.problem != "" {
			require.Error(t, err)
			assert.Contains(t, err.Error(), test.problem)
			continue
		}
		require.NoError(t, err)
		var names []string
		for _, p := range chosen {
			names = append(names, p.NodeProfile.Name)
		}
		assert.Equal(t, test.want, names)
	}
	assert.Equal(t, map[string]string{"role": "control", "site": "lab"}, set.variants[0].Labels())
	assert.Equal(t, map[string]string{}, set.variants[3].Labels())
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Source{Documents: []string{"testdata/good/site"}}.Read(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
