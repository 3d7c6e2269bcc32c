package document

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Profiles of one name in two namespaces are two, of which nobody can tell which is meant.
func TestNamespaces(t *testing.T) {
	in := func(namespace, spec string) string {
		return strings.Replace(profileText("worker", spec), "{name: worker}", "{name: worker, namespace: "+namespace+"}", 1)
	}
	assert.Equal(t, "FILE:8:37: metadata.namespace: two profiles worker, in the namespaces site-a (FILE:3:37) and site-b; choose one namespace",
		refused(t, in("site-a", `{platform: vm}`)+in("site-b", `{platform: azure}`), Selection{}))
	p := choose(t, in("site-a", `{platform: vm}`)+profileText("worker", `{networking: {hostname: h}}`)+in("site-a", `{architecture: arm64}`), Selection{})
	assert.Equal(t, "h arm64", p.NodeProfile.Spec.Networking.Hostname+" "+p.NodeProfile.Spec.Architecture)
}

func TestMetadataOfParts(t *testing.T) {
	with := func(labels, annotations string) string {
		return strings.Replace(profileText("node", "{}"), "{name: node}", "{name: node, labels: "+labels+", annotations: "+annotations+"}", 1)
	}
	part := strings.ReplaceAll(profileText("x", `{platform: vm}`), "{name: x}", "{name: part, labels: {airshipit.org/node-profile: node, c: d}}")
	p := choose(t, with("{a: b}", "{}")+with("{a: b, e: f}", "{g: h}")+part, Selection{})
	assert.Equal(t, map[string]string{"a": "b", "c": "d", "e": "f"}, p.NodeProfile.Labels)
	assert.Equal(t, map[string]string{"g": "h"}, p.NodeProfile.Annotations)
	assert.Equal(t, "FILE:8:36: metadata.labels.a: is otherwise in FILE:3:33; the documents of one profile, here node, agree in this",
		refused(t, with("{a: b}", "{}")+with("{a: c}", "{}"), Selection{}))
	assert.Equal(t, "FILE:8:32: metadata.labels: want a mapping of strings, found a list", refused(t, with("{a: b}", "{}")+with("[a]", "{}"), Selection{}))
}

// A later name lies over an earlier one and what is built on below, whatever else is extended.
func TestOrderOfExtends(t *testing.T) {
	hostname := func(name string, extends string) string {
		return profileText(name, fmt.Sprintf("{extends: [%s], networking: {hostname: from-%s}}", extends, name))
	}
	for _, test := range []struct{ extends, b, want string }{
		{"a, b", "c, a", "from-a"},
		{"a, d, b", "c, a", "from-a"},
		{"a, b", "a, c", "from-c"},
		{"a, d, b", "a, c", "from-c"},
		{"b, a", "c, a", "from-a"},
		{"b, c, d", "a", "from-c"},
		{"b, d, a", "a", "from-a"},
		{"a, d, a", "a", "from-a"},
		{"e, b, a, c, d", "c", "from-c"},
		// b and e contradict each other; what is named first decides.
		{"b, e", "c, a", "from-a"},
	} {
		text := hostname("a", "") + profileText("b", "{extends: ["+test.b+"]}") + hostname("c", "") + profileText("d", "{}") +
			profileText("e", "{extends: [a, c]}") + profileText("node", "{extends: ["+test.extends+"]}")
		p := choose(t, text, Selection{Name: "node"})
		assert.Equal(t, test.want, p.NodeProfile.Spec.Networking.Hostname, "[%s] with b extends [%s]", test.extends, test.b)
	}
}

// What the last one builds on is in another order where the list says so.
func TestOrderOfWhatTheLastBuildsOn(t *testing.T) {
	p := choose(t, profileText("x", "{networking: {hostname: from-x}}")+profileText("y", "{networking: {hostname: from-y}}")+
		profileText("m", "{extends: [x]}")+profileText("n", "{extends: [y]}")+profileText("b", "{extends: [m, n]}")+
		profileText("node", "{extends: [y, x, b]}"), Selection{Name: "node"})
	assert.Equal(t, "from-x", p.NodeProfile.Spec.Networking.Hostname)
}

// A Secret is opened once, however many values are taken of it.
func TestLargeSecret(t *testing.T) {
	var text strings.Builder
	text.WriteString("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData:\n")
	for i := range 40_000 {
		fmt.Fprintf(&text, "  k%d: v\n", i)
	}
	text.WriteString("---\n" + profileText("node", "\n  valuesFrom:"))
	values := strings.TrimSuffix(text.String(), "\n---\n")
	for i := range 1000 {
		values += fmt.Sprintf("\n  - {kind: Secret, name: keys, fieldPath: stringData.k%d, targetPath: extraVars.x%d}", i, i)
	}
	p := choose(t, values+"\n", Selection{})
	assert.Len(t, p.NodeProfile.Spec.ExtraVars, 1000)
}

func TestSecretsAreOpenedInBounds(t *testing.T) {
	source := Source{Documents: []string{write(t, catalogues+profileText("node", `{valuesFrom: [{kind: Secret, name: keys, fieldPath: data.token, targetPath: extraVars.x}, {kind: Secret, name: keys, fieldPath: data.user-data, targetPath: extraVars.y}]}`))}}
	g := &gatherer{ctx: t.Context(), source: source, report: &tree.Report{}, directories: map[string]string{}}
	documents, end, err := g.gather()
	require.NoError(t, err)
	defer end()
	s := &site{report: g.report, directories: g.directories, parse: g.parse, open: g.open}
	s.sort(documents)
	require.NoError(t, g.report.Err())
	assert.Len(t, s.secrets, 1)
	assert.Greater(t, s.work, 15, "the Secret counts, too")
}

func TestValueOfNothing(t *testing.T) {
	text := strings.Replace(catalogues, "suite: trixie", "suite:", 1) +
		profileText("node", `{valuesFrom: [{kind: VariableCatalogue, name: site, fieldPath: suite, targetPath: suite}]}`)
	assert.Equal(t, "FILE:36:70: spec.valuesFrom[0].fieldPath: has no value in VariableCatalogue site (FILE:13:7)", refused(t, text, Selection{}))
}

func TestEncryptedUserData(t *testing.T) {
	key := sopstest.NewKey(t)
	key.Use(t)
	clear := "#cloud-config\nlocale: C\nchpasswd: {expire: false, list: opensesame-1}\n"
	site := func(userData []byte) string {
		return filepath.Dir(filepath.Join(files(t, map[string]string{
			"site.yaml": imageText("node", `{params: {platform: vm}, builder: {userDataFileName: user-data}}`),
			"user-data": string(userData),
		}), "site.yaml"))
	}
	for _, options := range [][]string{nil, {"--encrypted-regex", "^list$"}} {
		source := Source{Documents: []string{site(key.Encrypt(t, clear, options...))}}
		p, err := one(chooseAll(t, source, Selection{}))
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(p.NodeProfile.Spec.CloudInit.UserData, "#cloud-config\n"), p.NodeProfile.Spec.CloudInit.UserData)
		assert.Contains(t, p.NodeProfile.Spec.CloudInit.UserData, "opensesame-1")
		assert.NotContains(t, p.NodeProfile.Spec.CloudInit.UserData, "sops")
		assert.Contains(t, p.secrets, "spec.cloudInit.userData")
		text, err := p.SourcedYAML()
		require.NoError(t, err)
		assert.NotContains(t, text, "opensesame")
		again, err := Parse(t.Context(), text, "profile_yaml")
		require.NoError(t, err)
		assert.Equal(t, p.NodeProfile, again.NodeProfile)

		source.LeaveEncrypted = true
		_, err = one(chooseAll(t, source, Selection{}))
		require.NoError(t, err)
	}
	for _, other := range []string{
		`{"data": "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]", "sops": {"mac": "x"}}`,
		"locale=ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\nsops_mac=ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\n",
		"[a]\nlocale = ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\n[sops]\nmac = x\n",
	} {
		dir := site([]byte(other))
		_, err := Source{Documents: []string{dir}}.Read(t.Context())
		assert.EqualError(t, err, filepath.Join(dir, "user-data")+": is encrypted by sops; want it as YAML: sops encrypt --input-type yaml --output-type yaml")
	}
}

// A variable of Ansible's own may be near one of the profile's.
func TestTemplatesOfAnsible(t *testing.T) {
	p := choose(t, profileText("node", `
  extraVars: {prefix: x, y: "{{ prefx }}", z: "{{ prefx }}"}
  files: {files: [{name: /etc/a, file_content: "{{ file }}"}]}`), Selection{})
	assert.Equal(t, "{{ file }}", p.NodeProfile.Spec.Files.Files[0].FileContent)
	assert.Equal(t, "{{ prefx }}", p.NodeProfile.Spec.ExtraVars["y"])
	require.Len(t, p.Warnings, 2)
	assert.Contains(t, strings.Join(p.Warnings, "\n"), "site.yaml:5: spec.extraVars.y: {{ prefx }} is left to Ansible, as the profile has no such variable; did you mean prefix?")
}

// One mistake is told once.
func TestToldOnce(t *testing.T) {
	configuration := "apiVersion: airshipit.org/v1alpha1\nkind: %s\nmetadata: {name: iso}\nbuilder: {outputFileName: a.iso}\n"
	for text, want := range map[string]string{
		fmt.Sprintf(configuration, "IsoConfiguration"):                                                           "FILE:1: nodeProfileRef: no NodeProfile is among the documents; add one named iso, or write nodeProfileRef: {name: airship-default}",
		fmt.Sprintf(configuration, "ImageConfiguration"):                                                         "FILE:1: nodeProfileRef: no NodeProfile is among the documents; add one named iso, or write nodeProfileRef: {name: airship-default}",
		profileText("node", `{software: {packages: ["{{ packages }}"]}}`):                                        "FILE:4:30: spec.software.packages[0]: the variable packages refers to itself",
		profileText("node", `{extraVars: {aa: ["{{ bb }}"], bb: {x: "{{ bb }}"}}, software: {packages: [vim]}}`): "FILE:4:46: spec.extraVars.bb.x: the variable bb refers to itself",
	} {
		got := refused(t, text, Selection{})
		assert.Equal(t, want, strings.Replace(got, "FILE:1:1:", "FILE:1:", 1), text)
	}
}

func TestParamsThatAreNoMapping(t *testing.T) {
	assert.Equal(t, "FILE:9:8: spec.params: want a mapping, found a list",
		refused(t, profileText("node", `{platform: vm}`)+imageText("image", `{params: [], nodeProfileRef: {name: node}}`), Selection{}))
	assert.NotContains(t, refused(t, imageText("image", `{params: []}`), Selection{}), "spec: want")
}

// What could not be read may hold what is missing.
func TestPartialSets(t *testing.T) {
	key := sopstest.NewKey(t)
	dir := files(t, map[string]string{
		"secret.yaml": string(key.Encrypt(t, strings.Split(catalogues, "---\n")[1])),
		"site.yaml": profileText("a", `{distribution: ubuntu, valuesFrom: [{kind: VariableCatalogue, name: site, fieldPath: suite, targetPath: suite}]}`) +
			profileText("b", `{extends: [base], software: {packages: ["{{ theirs }}"]}}`) + profileText("c", `{extends: [b], platform: vn}`) +
			profileText("d", `{platform: vn}`) + imageText("e", `{nodeProfileRef: {name: gone}}`) + imageText("f", `{params: {}}`) +
			"apiVersion: airshipit.org/v1alpha1\nkind: IsoConfiguration\nmetadata: {name: iso}\nbuilder: {userDataSelector: {kind: Secret, name: none}}\n",
	})
	t.Setenv("SOPS_AGE_KEY", "")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	_, err := Source{Documents: []string{dir}}.Read(t.Context())
	require.Error(t, err)
	lines := strings.Split(strings.ReplaceAll(err.Error(), dir+string(os.PathSeparator), ""), "\n")
	require.Len(t, lines, 3, err)
	assert.Contains(t, lines[1], "secret.yaml: ")
	assert.Contains(t, lines[2], "unknown platform vn")

	// Of a whole set all of it is told.
	require.NoError(t, os.Remove(filepath.Join(dir, "secret.yaml")))
	_, err = Source{Documents: []string{dir}}.Read(t.Context())
	require.Error(t, err)
	for _, problem := range []string{"there is no document of kind VariableCatalogue", "there is no NodeProfile base", "there is no NodeProfile gone", "no document matches"} {
		assert.Contains(t, err.Error(), problem)
	}
}
