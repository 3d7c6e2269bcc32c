package repository

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// clearsignStart must be the first line: nothing that stands outside the signature is ever read.
const clearsignStart = "-----BEGIN PGP SIGNED MESSAGE-----"

// minRSABits of a signing key; apt refuses smaller ones, too.
const minRSABits = 2048

// verifyInRelease gives the text that was signed. One good signature of a key in keys at the time
// now is enough: suites are signed with the keys of several releases at once.
func verifyInRelease(data []byte, keys openpgp.EntityList, now time.Time) (string, error) {
	if !bytes.HasPrefix(data, []byte(clearsignStart)) {
		return "", errors.New("it is not signed: it does not begin with " + clearsignStart)
	}
	message, rest := clearsign.Decode(data)
	if message == nil {
		return "", errors.New("its signature is malformed or cut off")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return "", errors.New("text follows its signature")
	}
	signatures, err := readSignatures(message.ArmoredSignature.Body)
	if err != nil {
		return "", err
	}
	var reasons []string
	for _, signature := range signatures {
		err := checkSignature(message.Bytes, signature, keys, now)
		if err == nil {
			return string(message.Plaintext), nil
		}
		if !slices.Contains(reasons, err.Error()) {
			reasons = append(reasons, err.Error())
		}
	}
	return "", errors.New(strings.Join(reasons, "; "))
}

// readSignatures reads those of a known format.
func readSignatures(armoured io.Reader) ([]*packet.Signature, error) {
	var all []*packet.Signature
	packets := packet.NewReader(armoured)
	for {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("its signature cannot be read: %w", err)
		}
		if signature, ok := p.(*packet.Signature); ok && signature.IssuerKeyId != nil {
			all = append(all, signature)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("it is not signed: its signature block holds no signature")
	}
	return all, nil
}

func checkSignature(text []byte, signature *packet.Signature, keys openpgp.EntityList, now time.Time) error {
	id := fmt.Sprintf("%016X", *signature.IssuerKeyId)
	if !slices.Contains([]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}, signature.Hash) {
		return fmt.Errorf("the signature of key %s uses the hash %v, which proves nothing", id, signature.Hash)
	}
	var raw bytes.Buffer
	if err := signature.Serialize(&raw); err != nil {
		return fmt.Errorf("read the signature of key %s: %w", id, err)
	}
	// A signature made a moment ago by a clock that is a little ahead of this one is good.
	clock := &packet.Config{Time: func() time.Time { return latest(now, signature.CreationTime, maxAhead) }}
	_, signer, err := openpgp.VerifyDetachedSignature(anyUsage{keys}, bytes.NewReader(text), &raw, clock)
	var broken pgperrors.SignatureError
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return fmt.Errorf("it is signed with key %s, which the keyring lacks", id)
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return fmt.Errorf("it is signed with key %s (%s), which expired%s; a newer keyring has it renewed or replaced",
			id, owner(signer), expiry(signer))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return fmt.Errorf("it is signed with key %s (%s), which has been revoked", id, owner(signer))
	case errors.Is(err, pgperrors.ErrSignatureExpired):
		return fmt.Errorf("the signature of key %s, made %s, has expired or lies in the future; is this machine's clock right?",
			id, signature.CreationTime.UTC().Format(time.RFC1123))
	case errors.As(err, &broken):
		return fmt.Errorf("the signature of key %s does not match its text: it was changed after it was signed", id)
	case err != nil:
		return fmt.Errorf("the signature of key %s: %w", id, err)
	}
	return strongEnough(id, signer, *signature.IssuerKeyId)
}

// latest is now, or then where that is ahead of it by no more than tolerance.
func latest(now, then time.Time, tolerance time.Duration) time.Time {
	if then.After(now) && then.Sub(now) <= tolerance {
		return then
	}
	return now
}

func strongEnough(id string, signer *openpgp.Entity, issuer uint64) error {
	for _, key := range (openpgp.EntityList{signer}).KeysById(issuer) {
		switch key.PublicKey.PubKeyAlgo {
		case packet.PubKeyAlgoDSA:
			return fmt.Errorf("it is signed with key %s, a DSA key, which is too weak", id)
		case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
			if bits, err := key.PublicKey.BitLength(); err != nil || bits < minRSABits {
				return fmt.Errorf("it is signed with key %s, an RSA key of %d bits, which is too weak", id, bits)
			}
		}
	}
	return nil
}

func owner(key *openpgp.Entity) string {
	if _, identity := key.PrimarySelfSignature(); identity != nil {
		return identity.Name
	}
	return "no user ID"
}

// expiry is " on DATE" where the primary key has expired; a subkey's date is not looked up.
func expiry(key *openpgp.Entity) string {
	signature, _ := key.PrimarySelfSignature()
	if signature == nil || signature.KeyLifetimeSecs == nil || *signature.KeyLifetimeSecs == 0 {
		return ""
	}
	end := key.PrimaryKey.CreationTime.Add(time.Duration(*signature.KeyLifetimeSecs) * time.Second)
	return " on " + end.UTC().Format(time.DateOnly)
}

// anyUsage also finds keys without a key flags subpacket. RFC 4880, 5.2.3.21 lets such a key sign;
// the library's own list passes over it, and some older archive keys have none.
type anyUsage struct{ openpgp.EntityList }

func (a anyUsage) KeysByIdUsage(id uint64, usage byte) []openpgp.Key {
	found := a.EntityList.KeysByIdUsage(id, usage)
	for _, key := range a.KeysById(id) {
		if key.SelfSignature != nil && !key.SelfSignature.FlagsValid {
			found = append(found, key)
		}
	}
	return found
}
