package repository

import (
	"bytes"
	"embed"
	"errors"
	"fmt"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

//go:embed keyrings/*.gpg
var keyrings embed.FS

// ArchiveKeyring is the embedded archive keyring of a distribution: binary OpenPGP keys.
func ArchiveKeyring(distribution string) ([]byte, error) {
	if distribution != Debian && distribution != Ubuntu {
		return nil, fmt.Errorf("no archive keyring for distribution %q (%s or %s)", distribution, Debian, Ubuntu)
	}
	return keyrings.ReadFile("keyrings/" + distribution + "-archive-keyring.gpg")
}

const (
	armorStart = "-----BEGIN PGP"
	armorEnd   = "-----END PGP"
)

// ReadKeyring reads OpenPGP public keys: binary, or one or more armoured blocks with any text
// around them.
func ReadKeyring(data []byte) (openpgp.EntityList, error) {
	if !bytes.Contains(data, []byte(armorStart)) {
		return readKeys(data)
	}
	var all openpgp.EntityList
	for _, text := range armoured(data) {
		block, err := armor.Decode(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("read armoured keyring: %w", err)
		}
		if block.Type != openpgp.PublicKeyType {
			return nil, fmt.Errorf("the keyring holds a %s; public keys expected", block.Type)
		}
		keys, err := openpgp.ReadKeyRing(block.Body)
		if err != nil {
			return nil, fmt.Errorf("read armoured keyring: %w", err)
		}
		all = append(all, keys...)
	}
	if len(all) == 0 {
		return nil, errNoKey
	}
	return all, nil
}

var errNoKey = errors.New("the keyring holds no OpenPGP key")

// armoured cuts data at the end line of each armoured block: armor.Decode reads ahead of the block
// that it returns.
func armoured(data []byte) (blocks [][]byte) {
	for bytes.Contains(data, []byte(armorStart)) {
		end := len(data)
		if i := bytes.Index(data, []byte(armorEnd)); i >= 0 {
			if j := bytes.IndexByte(data[i:], '\n'); j >= 0 {
				end = i + j + 1
			}
		}
		blocks, data = append(blocks, data[:end]), data[end:]
	}
	return blocks
}

func readKeys(data []byte) (openpgp.EntityList, error) {
	if len(data) > 12 && string(data[8:12]) == "KBXf" {
		return nil, errors.New("the keyring is a GnuPG keybox; export its keys: gpg --export --armor")
	}
	keys, err := openpgp.ReadKeyRing(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read keyring: %w", err)
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}
