package repository

import (
	"bytes"
	"crypto"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWeakSignaturesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name      string
		bits      uint16
		hash      crypto.Hash
		complaint string
	}{
		{"SHA-1", 2048, crypto.SHA1, "uses the hash SHA-1"},
		{"RSA of 1024 bits", 1024, crypto.SHA256, "an RSA key of 1024 bits, which is too weak"},
		{"SHA-256 and 2048 bits", 2048, crypto.SHA256, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := &packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: int(test.bits), MinRSABits: test.bits}
			key, err := openpgp.NewEntity("Archive", "", "archive@example.org", config)
			require.NoError(t, err)
			var raw bytes.Buffer
			require.NoError(t, openpgp.DetachSign(&raw, key, bytes.NewReader([]byte("text")), config))
			signatures, err := readSignatures(&raw)
			require.NoError(t, err)
			// The library no longer makes signatures over SHA-1, so this one only claims to be one.
			signatures[0].Hash = test.hash
			err = checkSignature([]byte("text"), signatures[0], openpgp.EntityList{key}, time.Now())
			if test.complaint == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.complaint)
			}
		})
	}
}

// A clock that is a little behind the archive's makes no difference; one that is far behind does.
func TestSignaturesOfTheFuture(t *testing.T) {
	key, err := openpgp.NewEntity("Archive", "", "archive@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return time.Now().Add(-24 * time.Hour) },
	})
	require.NoError(t, err)
	var raw bytes.Buffer
	require.NoError(t, openpgp.DetachSign(&raw, key, bytes.NewReader([]byte("text")), nil))
	signatures, err := readSignatures(&raw)
	require.NoError(t, err)
	for behind, good := range map[time.Duration]bool{maxAhead / 2: true, 2 * maxAhead: false} {
		err := checkSignature([]byte("text"), signatures[0], openpgp.EntityList{key}, time.Now().Add(-behind))
		if good {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, "is this machine's clock right?")
		}
	}
}
