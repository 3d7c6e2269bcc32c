package document

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// maxKeyring bounds a keyring file in bytes; Debian's own has 60 KiB.
const maxKeyring = 4 << 20

// inlineKeyrings puts the key block of every keyring file into the profile, so that the
// resolved document needs no file beside it. directories are where relative paths in a file start;
// a document that is not a file has none.
func (p *Profile) inlineKeyrings(directories map[string]string, r *tree.Report) {
	for i := range p.NodeProfile.Spec.Software.Repos {
		repo := &p.NodeProfile.Spec.Software.Repos[i]
		field := fmt.Sprintf("spec.software.repos[%d].keyring", i)
		if repo.Keyring == "" || slices.Contains(r.Settled, field) {
			continue
		}
		block, err := keyBlock(repo.Keyring, directories[p.places[field].File])
		if err != nil {
			m := &mistake.Mistake{Field: field, Problem: err.Error()}
			_ = p.Locate(m)
			r.Settled = append(r.Settled, field)
			r.Mistakes = append(r.Mistakes, m)
			continue
		}
		repo.Keyring = block
	}
}

// keyBlock is the armoured public keys of a keyring: a key block itself or a file's path.
func keyBlock(keyring, directory string) (string, error) {
	if strings.Contains(keyring, "-----BEGIN PGP") {
		return publicKeys([]byte(keyring))
	}
	if strings.ContainsAny(keyring, "\n\x00") {
		return "", fmt.Errorf("want an armoured OpenPGP key block or the path of a keyring file")
	}
	path := keyring
	if !filepath.IsAbs(path) {
		if directory == "" {
			return "", fmt.Errorf("a relative path needs a document that is a file; want the key block itself")
		}
		path = filepath.Join(directory, path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("keyring %s: %s", path, reason(err))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("keyring %s: is not a file", path)
	case info.Size() > maxKeyring:
		return "", fmt.Errorf("keyring %s: is larger than %d MiB", path, maxKeyring>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("keyring %s: %s", path, reason(err))
	}
	block, err := publicKeys(data)
	if err != nil {
		return "", fmt.Errorf("keyring %s: %w", path, err)
	}
	return block, nil
}

// publicKeys checks that data, armoured or binary (RFC 9580), holds OpenPGP public keys alone
// and returns it armoured; an armoured block stays as it is.
func publicKeys(data []byte) (string, error) {
	armoured := bytes.Contains(data, []byte("-----BEGIN PGP"))
	if armoured && bytes.Contains(data, []byte("PRIVATE KEY BLOCK")) {
		return "", fmt.Errorf("holds a private key; export the public one (gpg --armor --export)")
	}
	read := openpgp.ReadKeyRing
	if armoured {
		read = openpgp.ReadArmoredKeyRing
	}
	keys, err := read(bytes.NewReader(data))
	if err != nil || len(keys) == 0 {
		return "", fmt.Errorf("holds no OpenPGP public key")
	}
	for _, key := range keys {
		if key.PrivateKey != nil {
			return "", fmt.Errorf("holds a private key; export the public one (gpg --export)")
		}
	}
	if armoured {
		return string(data), nil
	}
	var text bytes.Buffer
	writer, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err != nil {
		return "", fmt.Errorf("armour: %w", err)
	}
	if _, err := writer.Write(data); err != nil {
		return "", fmt.Errorf("armour: %w", err)
	}
	if err := writer.Close(); err != nil {
		return "", fmt.Errorf("armour: %w", err)
	}
	return text.String() + "\n", nil
}
