package repository

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// PinnedKey takes the key with a fingerprint (hex, blanks allowed) out of a keyring that was
// fetched from somewhere, and nothing else of it. The result is an armoured key block.
func PinnedKey(keyring []byte, fingerprint string) (string, error) {
	keys, err := ReadKeyring(keyring)
	if err != nil {
		return "", err
	}
	want := strings.ToLower(strings.ReplaceAll(fingerprint, " ", ""))
	var found []string
	for _, key := range keys {
		print := hex.EncodeToString(key.PrimaryKey.Fingerprint)
		if print == want {
			return armourKey(key)
		}
		found = append(found, strings.ToUpper(print))
	}
	return "", fmt.Errorf("no key with the fingerprint %s; it has: %s", strings.ToUpper(want), strings.Join(found, ", "))
}

func armourKey(key *openpgp.Entity) (string, error) {
	var text bytes.Buffer
	writer, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err != nil {
		return "", fmt.Errorf("armour a key: %w", err)
	}
	if err := key.Serialize(writer); err != nil {
		return "", fmt.Errorf("armour a key: %w", err)
	}
	if err := writer.Close(); err != nil {
		return "", fmt.Errorf("armour a key: %w", err)
	}
	return text.String() + "\n", nil
}
