package repository

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

func TestPinnedKey(t *testing.T) {
	now := time.Now()
	good, other := repositorytest.Key(t, "good", now, 0), repositorytest.Key(t, "other", now, 0)
	keyring := repositorytest.Keyring(t, other, good)
	block, err := PinnedKey(keyring, formatted(good.PrimaryKey.Fingerprint))
	require.NoError(t, err)
	keys, err := ReadKeyring([]byte(block))
	require.NoError(t, err)
	require.Len(t, keys, 1, "a key that was not asked for came along")
	assert.Equal(t, good.PrimaryKey.Fingerprint, keys[0].PrimaryKey.Fingerprint)

	_, err = PinnedKey(keyring, "00 11 22")
	assert.ErrorContains(t, err, "no key with the fingerprint 001122; it has: ")
}

// formatted is a fingerprint as gpg prints it.
func formatted(fingerprint []byte) (text string) {
	const digits = "0123456789ABCDEF"
	for i, b := range fingerprint {
		if i%2 == 0 {
			text += " "
		}
		text += string([]byte{digits[b>>4], digits[b&15]})
	}
	return text
}
