package document

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Keyring files, armoured and binary, end as key blocks in the resolved document.
func TestKeyrings(t *testing.T) {
	dir := t.TempDir()
	key, err := openpgp.NewEntity("archive", "", "archive@example.org", nil)
	require.NoError(t, err)
	var binary, private, block bytes.Buffer
	require.NoError(t, key.Serialize(&binary))
	require.NoError(t, key.SerializePrivate(&private, nil))
	writer, err := armor.Encode(&block, openpgp.PublicKeyType, nil)
	require.NoError(t, err)
	_, err = writer.Write(binary.Bytes())
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	for name, data := range map[string][]byte{
		"binary.gpg": binary.Bytes(), "armoured.asc": block.Bytes(), "private.gpg": private.Bytes(), "text.gpg": []byte("no key"),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	document := func(keyring string) string {
		return minimal + "\n  software:\n    repos:\n    - {name: r, suite: /, register_repo_with_rootfs: true, keyring: " + keyring + "}\n"
	}
	path := filepath.Join(dir, "profile.yaml")
	for _, name := range []string{"binary.gpg", "armoured.asc", filepath.Join(dir, "binary.gpg")} {
		require.NoError(t, os.WriteFile(path, []byte(document(name)), 0o600))
		set, err := read(t, []string{path})
		require.NoError(t, err, name)
		got := set.variants[0].NodeProfile.Spec.Software.Repos[0].Keyring
		keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(got))
		require.NoError(t, err, name)
		assert.Equal(t, key.PrimaryKey.Fingerprint, keys[0].PrimaryKey.Fingerprint)

		text, err := set.variants[0].YAML()
		require.NoError(t, err)
		again, err := Parse(t.Context(), text, "profile_yaml")
		require.NoError(t, err)
		assert.Equal(t, got, again.NodeProfile.Spec.Software.Repos[0].Keyring)
	}
	for name, problem := range map[string]string{
		"private.gpg": "holds a private key; export the public one (gpg --export)",
		"text.gpg":    "holds no OpenPGP public key",
		".":           "is not a file",
	} {
		require.NoError(t, os.WriteFile(path, []byte(document(name)), 0o600))
		_, err := read(t, []string{path})
		assert.EqualError(t, err, path+":7:69: spec.software.repos[0].keyring: keyring "+filepath.Join(dir, name)+": "+problem)
	}
	_, err = Parse(t.Context(), document("binary.gpg"), "profile_yaml")
	assert.EqualError(t, err, "profile_yaml:7:69: spec.software.repos[0].keyring: a relative path needs a document that is a file; want the key block itself")
}
