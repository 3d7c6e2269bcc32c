package plan

import (
	"crypto/sha256"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// identity derives a disk's identifiers from a seed.
type identity struct{ seed, scope string }

func (i identity) partition(number int) identity {
	return identity{seed: i.seed, scope: "partition " + strconv.Itoa(number)}
}

func (i identity) digest(purpose string) [sha256.Size]byte {
	return sha256.Sum256([]byte("airship disk\x00" + i.seed + "\x00" + i.scope + "\x00" + purpose))
}

// uuid is a UUID of version 8 (RFC 9562, section 5.8): 122 bits of a SHA-256.
func (i identity) uuid(purpose string) string {
	return uuidOf(i.digest(purpose)).String()
}

// FileUUID derives an identifier of a file that the disk becomes; seed is the disk's own identifier.
func FileUUID(seed, purpose string) uuid.UUID {
	return uuidOf(identity{seed: seed, scope: "file"}.digest(purpose))
}

func uuidOf(digest [sha256.Size]byte) uuid.UUID {
	var id uuid.UUID
	copy(id[:], digest[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// signature is an MBR's, 8 digits in hex.
func (i identity) signature(purpose string) string {
	digest := i.digest(purpose)
	return fmt.Sprintf("%x", digest[:4])
}

// volumeID is a FAT volume's serial number as blkid prints it.
func (i identity) volumeID(purpose string) string {
	digest := i.digest(purpose)
	return fmt.Sprintf("%02X%02X-%02X%02X", digest[0], digest[1], digest[2], digest[3])
}
