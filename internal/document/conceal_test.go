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
)

// What is wrong with a document's structure is told without the values in it, if sops encrypted all of them.
func TestMistakesInWhollyEncryptedDocuments(t *testing.T) {
	key := sopstest.NewKey(t)
	file := filepath.Join(t.TempDir(), "opensesame.yaml")
	text := profileText("node", `{extends: [opensesame-base], platform: vm, valuesFrom: [
  {kind: ConfigMap, name: settings, fieldPath: "data.opensesame", targetPath: suite},
  {kind: ConfigMap, name: opensesame-map, fieldPath: a, targetPath: suite}]}`) +
		imageText("image", "{nodeProfileRef: {name: opensesame-ref}}") +
		imageText("iso", "{nodeProfileRef: {name: node}, builder: {action: opensesame-action}}") +
		imageText("rootfs", "{nodeProfileRef: {name: node}, builder: {action: build-root}}") +
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: bbbb}\n"
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, text), 0o600))
	key.Use(t)
	_, err := Source{Documents: []string{file}}.Read(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), file, "a file's name is no secret")
	for _, want := range []string{"there is no NodeProfile <redacted>", "builder.action: ", "extends[0]: ", "fieldPath: ", "no ConfigMap <redacted>"} {
		assert.Contains(t, err.Error(), want)
	}
	assert.NotContains(t, strings.ReplaceAll(err.Error(), file, "FILE"), "opensesame")
	assert.Contains(t, err.Error(), "known: a in ConfigMap settings", "a document's name is none, though a reference to it is encrypted")
	assert.True(t, isOrdinary("build-root") && isOrdinary("True") && isOrdinary("ConfigMap") && !isOrdinary("opensesame"))
}

// The values of Secrets are in no message either, encoded or not.
func TestMistakesAboutSecretsOfKubernetes(t *testing.T) {
	got := refused(t, catalogues+profileText("node", `
  valuesFrom: [{kind: Secret, name: keys, fieldPath: data.token, targetPath: suite}]
  networking: {hostname: hunter22hunter22_}`), Selection{})
	assert.NotContains(t, got, "hunter22")
	assert.Contains(t, got, "spec.networking.hostname: <redacted>_ is not")
}

// Warnings leave without secrets, too.
func TestWarningsWithoutSecrets(t *testing.T) {
	key := sopstest.NewKey(t)
	file := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, profileText("node", "{extraVars: {a: multistrap, b: anyway}, software: {multistrap_retries: 4}}"), "--encrypted-regex", "^[ab]$"), 0o600))
	key.Use(t)
	p, err := one(chooseAll(t, Source{Documents: []string{file}}, Selection{}))
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1)
	assert.Contains(t, p.Warnings[0], file+":")
	assert.True(t, strings.HasSuffix(p.Warnings[0], "is tried again <redacted>"), p.Warnings[0])
}

// A template's text is shown, and so is the source in a resolved profile's first line.
func TestOverridesWithSecrets(t *testing.T) {
	file := write(t, profileText("node", "{extraVars: {word: $6$salt$hash}}"))
	const users = "users: {user_management: [{name: ops, password: %q}]}"
	source := Source{Documents: []string{file}, Overrides: fmt.Sprintf(users, "$6$opensesame$hash")}
	_, err := source.Read(t.Context())
	if err == nil {
		t.Fatal("the password was taken")
	}
	assert.Contains(t, err.Error(), "spec.users.user_management[0].password: is a secret; put it into a document, since a template's text is shown")
	assert.NotContains(t, err.Error(), "opensesame")

	source.Overrides = fmt.Sprintf(users, "{{ word }} and more")
	_, err = source.Read(t.Context())
	assert.ErrorContains(t, err, "is a secret")
}

// Of a dotenv file sops's values come as they are: they are not taken for the secrets.
func TestStillEncrypted(t *testing.T) {
	directory := files(t, map[string]string{
		"kustomization.yaml": "resources: [node.yaml]\ngeneratorOptions: {disableNameSuffixHash: true}\nsecretGenerator: [{name: keys, envs: [keys.env]}]\n",
		"keys.env":           "HOST=ENC[AES256_GCM,data:opensesame,iv:aaaa,tag:bbbb,type:str]\nPLAIN=vm\nsops_version=3.10.2\n",
		"node.yaml":          profileText("node", "\n  valuesFrom: [{kind: Secret, name: keys, fieldPath: data.HOST, targetPath: networking.hostname}]"),
	})
	_, err := Source{Documents: []string{directory}}.Read(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "is still encrypted: what sops encrypts is decrypted in YAML files alone")
	assert.NotContains(t, err.Error(), "opensesame")

	// A later step, which decrypts, refuses it.
	_, err = Source{Documents: []string{directory}, LeaveEncrypted: true}.Read(t.Context())
	require.NoError(t, err)

	node := filepath.Join(directory, "node.yaml")
	text := profileText("node", "\n  valuesFrom: [{kind: Secret, name: keys, fieldPath: data.PLAIN, targetPath: platform}]")
	require.NoError(t, os.WriteFile(node, []byte(text), 0o600))
	_, err = Source{Documents: []string{directory}}.Read(t.Context())
	require.NoError(t, err, "what nobody uses may be encrypted")
}

// Messages show parts of a URL, or end it otherwise.
func TestMaskOfURLs(t *testing.T) {
	p := choose(t, profileText("node", `
  valuesFrom: [{kind: Secret, name: keys, fieldPath: data.url, targetPath: extraVars.url}]`)+
		"apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {url: \"https://joe:swordfish@repo.example.org/debian/\"}\n", Selection{})
	mask := p.Mask()
	for _, text := range []string{
		"https://joe:swordfish@repo.example.org/debian/dists", "https://joe:xxxxx@repo.example.org/debian", "swordfish", "repo.example.org:443",
	} {
		shown := mask.Text("x " + text)
		assert.True(t, strings.HasPrefix(shown, "x <redacted>"), shown)
		assert.NotContains(t, shown, "repo.example")
	}
}

func TestIsSealed(t *testing.T) {
	file, key := encryptedSite(t)
	p, err := one(chooseAll(t, Source{Documents: []string{file}, LeaveEncrypted: true}, Selection{}))
	require.NoError(t, err)
	assert.True(t, p.IsSealed("spec.osKernel"))
	assert.True(t, p.IsSealed("spec.networking.hosts[0].names"))
	assert.False(t, p.IsSealed("spec.net"))
	assert.False(t, p.IsSealed("spec.software"))
	key.Use(t)
	p, err = one(chooseAll(t, Source{Documents: []string{file}}, Selection{}))
	require.NoError(t, err)
	assert.False(t, p.IsSealed("spec"))
}
