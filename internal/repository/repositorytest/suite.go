package repositorytest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/stretchr/testify/require"
)

// Suite describes a signed suite for one architecture.
type Suite struct {
	Name string // as in an apt source; "/" or "path/" is flat
	// Packages is the text of each component's Packages file; of the component "" where flat.
	Packages map[string]string
	// Architecture defaults to amd64.
	Architecture string
	// All are the Packages files of what is for all architectures, where a component has them apart.
	All map[string]string
	// More is added to the Release file: lines, each with its end.
	More string
	// Extensions of the Packages files that are published. Default: .xz.
	Extensions []string
	// ByHash publishes indices under their hashes only.
	ByHash bool
	// Date defaults to an hour ago. ValidUntil is left out where zero.
	Date, ValidUntil time.Time
	// Signers sign it; none leaves an unsigned Release file.
	Signers []*openpgp.Entity
	// Now is the clock at signing. Default: the real one.
	Now time.Time
}

// Files are the suite's files by their path relative to the repository's URI.
func (s Suite) Files(t testing.TB) map[string][]byte {
	t.Helper()
	dists := path.Join("dists", s.Name)
	if strings.HasSuffix(s.Name, "/") {
		dists = strings.Trim(s.Name, "/")
	}
	files := map[string][]byte{}
	var listed strings.Builder
	indices := map[string]string{} // by their directories
	for component, text := range s.Packages {
		directory := ""
		if component != "" {
			directory = component + "/binary-" + s.architecture()
		}
		indices[directory] = text
	}
	for component, text := range s.All {
		indices[component+"/binary-all"] = text
	}
	for _, directory := range slices.Sorted(maps.Keys(indices)) {
		// The plain file is always listed, as apt expects it, and seldom there.
		for _, extension := range slices.Compact(append([]string{""}, s.extensions()...)) {
			name := path.Join(directory, "Packages"+extension)
			data := Compress(t, []byte(indices[directory]), extension)
			sum := sha256.Sum256(data)
			fmt.Fprintf(&listed, " %x %d %s\n", sum, len(data), name)
			if !slices.Contains(s.extensions(), extension) {
				continue
			}
			if s.ByHash {
				name = path.Join(directory, "by-hash/SHA256", fmt.Sprintf("%x", sum))
			}
			files[path.Join(dists, name)] = data
		}
	}
	release := s.header() + "SHA256:\n" + listed.String()
	if len(s.Signers) == 0 {
		files[path.Join(dists, "Release")] = []byte(release)
	} else {
		files[path.Join(dists, "InRelease")] = Sign(t, release, s.Now, s.Signers...)
	}
	return files
}

func (s Suite) architecture() string {
	if s.Architecture == "" {
		return "amd64"
	}
	return s.Architecture
}

func (s Suite) extensions() []string {
	if len(s.Extensions) == 0 {
		return []string{".xz"}
	}
	return s.Extensions
}

func (s Suite) header() string {
	date := s.Date
	if date.IsZero() {
		date = time.Now().Add(-time.Hour)
	}
	text := fmt.Sprintf("Origin: Test\nCodename: %s\nSuite: stable\nDate: %s\n", s.Name, releaseDate(date))
	if !s.ValidUntil.IsZero() {
		text += fmt.Sprintf("Valid-Until: %s\n", releaseDate(s.ValidUntil))
	}
	if s.ByHash {
		text += "Acquire-By-Hash: yes\n"
	}
	components := strings.TrimSpace(strings.Join(slices.Sorted(maps.Keys(s.Packages)), " "))
	architectures := s.architecture()
	if len(s.All) > 0 {
		architectures = "all " + architectures
	}
	return text + "Architectures: " + architectures + "\nComponents: " + components + "\n" + s.More
}

func releaseDate(date time.Time) string {
	return date.UTC().Format("Mon, 02 Jan 2006 15:04:05 UTC")
}

// Key is a new signing key that never expires, or expires lifetime after created.
func Key(t testing.TB, name string, created time.Time, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity(name, "", strings.ToLower(name)+"@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Curve: packet.Curve25519,
		Time:            func() time.Time { return created },
		KeyLifetimeSecs: uint32(lifetime / time.Second),
	})
	require.NoError(t, err)
	return key
}

// Keyring is the binary keyring of the keys' public parts.
func Keyring(t testing.TB, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, key := range keys {
		require.NoError(t, key.Serialize(&out))
	}
	return out.Bytes()
}

// Sign clearsigns text at the time now; zero is the real time.
func Sign(t testing.TB, text string, now time.Time, signers ...*openpgp.Entity) []byte {
	t.Helper()
	if now.IsZero() {
		now = time.Now()
	}
	keys := make([]*packet.PrivateKey, len(signers))
	for i, signer := range signers {
		keys[i] = signer.PrivateKey
	}
	var out bytes.Buffer
	w, err := clearsign.EncodeMulti(&out, keys, &packet.Config{Time: func() time.Time { return now }})
	require.NoError(t, err)
	_, err = w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return append(out.Bytes(), '\n')
}
