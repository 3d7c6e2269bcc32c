package document

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// secretSite has secrets in every kind of field, one of them as part of a longer text.
const secretSite = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node, labels: {role: node}, annotations: {note: token is opensesame-1}}
spec:
  platform: vm
  extraVars:
    token: opensesame-1
    pin: 4711
    short: abc
    nested: {list: [plain, opensesame-2]}
    text: "use {{ token }} there"
    whole: "{{ pin }}"
  networking: {hosts: [{address: 10.0.0.1, names: [opensesame-3]}]}
  cloudInit:
    metaData: {secret: opensesame-4}
    userData: |
      #cloud-config
      password: opensesame-5
  osKernel: {grub: {GRUB_TIMEOUT: 7}}
  software: {packages: [vim]}
---
apiVersion: airshipit.org/v1alpha1
kind: AirshipImage
metadata: {name: image}
spec:
  nodeProfileRef: {name: node}
  params: {extraVars: {other: opensesame-6}}
`

// encryptedKeys are the fields that sops encrypts in it.
const encryptedKeys = "^(token|pin|short|list|names|secret|userData|GRUB_TIMEOUT|other)$"

func encryptedSite(t *testing.T) (file string, key sopstest.Key) {
	key = sopstest.NewKey(t)
	file = filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, secretSite, "--encrypted-regex", encryptedKeys), 0o600))
	return file, key
}

func TestEncryptedDocuments(t *testing.T) {
	file, key := encryptedSite(t)
	key.Use(t)
	source := Source{Documents: []string{file}}
	p, err := one(chooseAll(t, source, Selection{}))
	require.NoError(t, err)
	spec := p.NodeProfile.Spec
	assert.Equal(t, "use opensesame-1 there", spec.ExtraVars["text"])
	assert.Equal(t, int64(4711), spec.ExtraVars["pin"])
	assert.Equal(t, int64(4711), spec.ExtraVars["whole"])
	assert.Equal(t, 7, *spec.OSKernel.Grub.Timeout)
	assert.Equal(t, "#cloud-config\npassword: opensesame-5\n", spec.CloudInit.UserData)
	for _, secret := range []string{"opensesame-1", "opensesame-2", "opensesame-3", "opensesame-4", "opensesame-6", "password: opensesame-5", "use opensesame-1 there"} {
		assert.Contains(t, p.Secrets(), secret)
	}
	assert.NotContains(t, p.Secrets(), "abc", "masking so short a text would make messages unreadable")

	hidden := func(text string) {
		t.Helper()
		for _, secret := range []string{"opensesame", "4711", "abc"} {
			assert.NotContains(t, text, secret)
		}
	}
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	hidden(text)
	first, _, _ := strings.Cut(text, "\n")
	assert.True(t, strings.HasPrefix(first, `#! source: {"documents":["`), first)
	assert.Contains(t, first, `"selection":{"name":"node","image":"image"}`)
	assert.Contains(t, text, "short: airship-secret:spec.extraVars.short #@ "+file+":14:16")
	assert.Contains(t, text, "note: airship-secret:metadata.annotations.note", "a copy of a secret is one")
	image, err := p.ImageYAML()
	require.NoError(t, err)
	hidden(image)

	for _, shown := range []*Profile{p.Redacted(), p.Digested(), p.Referenced()} {
		data, err := json.Marshal([]any{shown.NodeProfile, shown.Image})
		require.NoError(t, err)
		hidden(string(data))
		assert.Empty(t, shown.Secrets())
	}

	// Another process finds the secrets again.
	again, err := Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, p.NodeProfile, again.NodeProfile)
	assert.Equal(t, p.Image, again.Image)
	assert.Equal(t, p.Secrets(), again.Secrets())

	t.Run("the documents changed", func(t *testing.T) {
		changed := strings.Replace(secretSite, "[vim]", "[vim, nano]", 1)
		require.NoError(t, os.WriteFile(file, key.Encrypt(t, changed, "--encrypted-regex", encryptedKeys), 0o600))
		_, err := Parse(t.Context(), text, "profile_yaml")
		require.Error(t, err)
		assert.Contains(t, err.Error(), "profile_yaml: the documents changed while packer ran; line")
		assert.NotContains(t, err.Error(), "opensesame")
	})
	t.Run("a secret changed", func(t *testing.T) {
		changed := strings.Replace(secretSite, "opensesame-1\n", "opensesame-9\n", 1)
		require.NoError(t, os.WriteFile(file, key.Encrypt(t, changed, "--encrypted-regex", encryptedKeys), 0o600))
		_, err := Parse(t.Context(), strings.ReplaceAll(text, "note: airship-secret:metadata.annotations.note", "note: token is opensesame-1"), "profile_yaml")
		require.NoError(t, err, "secrets are no part of what must stay the same")
	})
	t.Run("the head is lost", func(t *testing.T) {
		_, rest, _ := strings.Cut(text, "\n")
		_, err := Parse(t.Context(), rest, "profile_yaml")
		require.Error(t, err)
		assert.Contains(t, err.Error(), "spec.extraVars.token: stands for a secret, and this text does not say which documents hold it")
		_, err = Parse(t.Context(), "#! source: {\"a\":1}\n"+rest, "profile_yaml")
		assert.EqualError(t, err, "profile_yaml: the first line, which says where the documents are, is damaged; want the data source's profile_yaml as it is")
	})
}

// What is wrong with a secret is told without it.
func TestMistakesInSecrets(t *testing.T) {
	key := sopstest.NewKey(t)
	file := filepath.Join(t.TempDir(), "site.yaml")
	text := profileText("node", "\n  platform: opensesame\n  suite: 5\n  networking: {hostname: open_sesame}\n  software: {packages: [\"{{ opensesame }}\", UPPERCASE]}")
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, strings.TrimSuffix(text, "---\n"), "--encrypted-regex", "^(platform|suite|hostname|packages)$"), 0o600))
	key.Use(t)
	_, err := Source{Documents: []string{file}}.Read(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "spec.platform: unknown platform <redacted>")
	assert.Contains(t, err.Error(), "spec.suite: want a string, found a number")
	for _, secret := range []string{"opensesame", "open_sesame", "UPPERCASE"} {
		assert.NotContains(t, err.Error(), secret)
	}
}

func TestWithoutTheKey(t *testing.T) {
	file, _ := encryptedSite(t)
	sopstest.Install(t)
	_, err := Source{Documents: []string{file}}.Read(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), file)

	p, err := one(chooseAll(t, Source{Documents: []string{file}, LeaveEncrypted: true}, Selection{}))
	require.NoError(t, err)
	assert.Equal(t, "vm", p.NodeProfile.Spec.Platform)
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	assert.NotContains(t, text, "ENC[")
	assert.Contains(t, text, "token: airship-secret:spec.extraVars.token")
	again, err := Parse(t.Context(), text, "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, p.NodeProfile, again.NodeProfile)
}

// What the data source leaves encrypted, a later step decrypts.
func TestDecryptedLater(t *testing.T) {
	file, key := encryptedSite(t)
	p, err := one(chooseAll(t, Source{Documents: []string{file}, LeaveEncrypted: true}, Selection{}))
	require.NoError(t, err)
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	key.Use(t)
	choice := Choice{YAML: text, WithYAML: true}
	closed, err := choice.Read(t.Context())
	require.NoError(t, err)
	later, err := choice.Open(t.Context(), closed)
	require.NoError(t, err)
	again, err := choice.Open(t.Context(), later)
	require.NoError(t, err)
	assert.Same(t, later, again, "it is open already")
	assert.Equal(t, "opensesame-1", later.NodeProfile.Spec.ExtraVars["token"])
	assert.Equal(t, 7, *later.NodeProfile.Spec.OSKernel.Grub.Timeout)
	atOnce, err := one(chooseAll(t, Source{Documents: []string{file}}, Selection{}))
	require.NoError(t, err)
	assert.Equal(t, atOnce.Digested().NodeProfile, later.Digested().NodeProfile)

	broken := strings.Replace(secretSite, "opensesame-3", "open_sesame-3", 1)
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, broken, "--encrypted-regex", encryptedKeys), 0o600))
	_, err = Choice{YAML: text, WithYAML: true}.Read(t.Context())
	require.NoError(t, err, "what is encrypted cannot be checked")
	_, err = Choice{YAML: text, WithYAML: true, Decrypt: true}.Read(t.Context())
	assert.ErrorContains(t, err, "spec.networking.hosts[0].names[0]")
	assert.NotContains(t, err.Error(), "sesame")
}

// All of a document may be encrypted; its name is no secret then.
func TestWhollyEncrypted(t *testing.T) {
	key := sopstest.NewKey(t)
	file := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, profileText("node", "{platform: vm}")), 0o600))
	key.Use(t)
	p, err := one(chooseAll(t, Source{Documents: []string{file}}, Selection{Name: "node"}))
	require.NoError(t, err)
	assert.Equal(t, "vm", p.NodeProfile.Spec.Platform)
	text, err := p.SourcedYAML()
	require.NoError(t, err)
	assert.Contains(t, text, "  name: node")
	_, err = Source{Documents: []string{file}, LeaveEncrypted: true}.Read(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "kind: is encrypted, so nobody can tell what the document is; encrypt its values alone (sops --encrypted-regex)")
}

// A secret number leaves no text behind that stands for it; the documents are named all the same.
func TestOnlySecretIsANumber(t *testing.T) {
	key := sopstest.NewKey(t)
	file := filepath.Join(t.TempDir(), "site.yaml")
	text := strings.TrimSuffix(profileText("node", "{osKernel: {grub: {GRUB_TIMEOUT: 77}}}"), "---\n")
	require.NoError(t, os.WriteFile(file, key.Encrypt(t, text, "--encrypted-regex", "^GRUB_TIMEOUT$"), 0o600))
	key.Use(t)
	p, err := one(chooseAll(t, Source{Documents: []string{file}}, Selection{}))
	require.NoError(t, err)
	shown, err := p.SourcedYAML()
	require.NoError(t, err)
	assert.NotRegexp(t, `\b77\b`, shown, "as a word: the names of temporary directories hold digits, too")
	again, err := Parse(t.Context(), shown, "profile_yaml")
	require.NoError(t, err)
	assert.Equal(t, 77, *again.NodeProfile.Spec.OSKernel.Grub.Timeout)
}

// A copy of an encrypted value is one wherever it stands, even where nothing says where it is from.
func TestCopiesOfEncryptedValues(t *testing.T) {
	d := &decryption{
		files:  map[string]map[position]*tree.Node{"secret.yaml": {}},
		values: []string{"opensesame-1", "abc"},
	}
	root := d.mark(tree.Parse("node.yaml", []byte("a: opensesame-1\nb: x/opensesame-1/y\nc: abc\nd: opensesame\n"), &tree.Report{})[0])
	for name, secret := range map[string]bool{"a": true, "b": true, "c": false, "d": false} {
		assert.Equal(t, secret, root.Get(name).Secret, name)
	}
}
