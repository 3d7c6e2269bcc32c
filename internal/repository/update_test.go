package repository_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

// web serves files and remembers what was asked for.
type web struct {
	mutex sync.Mutex
	files map[string][]byte
	asked []string
}

func (w *web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	w.asked = append(w.asked, name)
	data, found := w.files[name]
	if !found {
		http.NotFound(out, r)
		return
	}
	http.ServeContent(out, r, "", time.Time{}, bytes.NewReader(data))
}

func serve(t *testing.T, files map[string][]byte) (*web, string) {
	t.Helper()
	w := &web{files: files}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, server.URL
}

func paragraph(name, version string, more ...string) string {
	return fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/%s.deb\nSize: 1\nSHA256: %x\n%s\n",
		name, version, name, sha256.Sum256([]byte(name+version)), strings.Join(append(more, ""), "\n"))
}

var now = time.Now()

func signer(t *testing.T) *openpgp.Entity {
	t.Helper()
	return repositorytest.Key(t, "Archive", now.Add(-48*time.Hour), 0)
}

func suite(key *openpgp.Entity) repositorytest.Suite {
	return repositorytest.Suite{
		Name:     "trixie",
		Packages: map[string]string{"main": paragraph("a", "1"), "contrib": paragraph("b", "2")},
		Signers:  []*openpgp.Entity{key},
	}
}

func source(uri string, keyring []byte) repository.Source {
	return repository.Source{
		Name: "test", URI: uri, Suite: "trixie", Components: []string{"main", "contrib"}, Keyring: keyring,
	}
}

func update(t *testing.T, s repository.Source) (*repository.Release, error) {
	t.Helper()
	files, fetcher := openStore(t, t.TempDir())
	return repository.Update(t.Context(), fetcher, files, s, "amd64")
}

func names(t *testing.T, r *repository.Release) (all []string) {
	t.Helper()
	for p, err := range r.Packages() {
		require.NoError(t, err)
		all = append(all, p.Name+"="+p.Version)
	}
	return all
}

func TestUpdateReadsEveryCompression(t *testing.T) {
	for _, extension := range []string{".xz", ".zst", ".gz", ""} {
		t.Run("Packages"+extension, func(t *testing.T) {
			key := signer(t)
			s := suite(key)
			s.Extensions = []string{extension}
			_, uri := serve(t, s.Files(t))
			r, err := update(t, source(uri, repositorytest.Keyring(t, key)))
			require.NoError(t, err)
			assert.Equal(t, []string{"a=1", "b=2"}, names(t, r))
			assert.Equal(t, extension, r.Indices[0].Extension)
		})
	}
}

func TestUpdateOfAnUnchangedSuiteIsOneRequest(t *testing.T) {
	for _, byHash := range []bool{false, true} {
		key := signer(t)
		s := suite(key)
		s.ByHash, s.Extensions = byHash, []string{".gz", ".xz"}
		w, uri := serve(t, s.Files(t))
		files, fetcher := openStore(t, t.TempDir())
		for range 2 {
			r, err := repository.Update(t.Context(), fetcher, files, source(uri, repositorytest.Keyring(t, key)), "amd64")
			require.NoError(t, err)
			assert.Equal(t, []string{"a=1", "b=2"}, names(t, r))
			assert.Equal(t, ".xz", r.Indices[0].Extension, "the smallest of those listed")
		}
		assert.Len(t, w.asked, 4, "%v", w.asked)
		assert.Equal(t, "dists/trixie/InRelease", w.asked[3])
		assert.Equal(t, byHash, strings.Contains(w.asked[1], "/by-hash/SHA256/"))
	}
}

func TestUpdateFallsBackWhereAMirrorLeavesOutByHash(t *testing.T) {
	key := signer(t)
	s := suite(key)
	s.ByHash = true
	files := s.Files(t)
	s.ByHash = false
	for name, data := range s.Files(t) {
		if !strings.HasSuffix(name, "InRelease") {
			files[name] = data
		}
	}
	for name := range files {
		if strings.Contains(name, "by-hash") {
			delete(files, name)
		}
	}
	_, uri := serve(t, files)
	r, err := update(t, source(uri, repositorytest.Keyring(t, key)))
	require.NoError(t, err)
	assert.Equal(t, []string{"a=1", "b=2"}, names(t, r))
}

func TestUpdateOfAFlatRepository(t *testing.T) {
	for _, name := range []string{"/", "stable/deb/", "./"} {
		key := signer(t)
		s := repositorytest.Suite{
			Name: strings.TrimPrefix(name, "."), Packages: map[string]string{"": paragraph("kubelet", "1.31.0-1.1")},
			Extensions: []string{".gz"}, Signers: []*openpgp.Entity{key},
		}
		_, uri := serve(t, s.Files(t))
		r, err := update(t, repository.Source{
			Name: "kubernetes", URI: uri, Suite: name, Keyring: repositorytest.Keyring(t, key),
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"kubelet=1.31.0-1.1"}, names(t, r))
		for p := range r.Packages() {
			assert.Equal(t, uri+"/pool/kubelet.deb", p.Item().URL)
		}
	}
}

func TestUpdateTakesAnArmouredKeyringAndAnyOfSeveralSignatures(t *testing.T) {
	key, other := signer(t), signer(t)
	s := suite(key)
	s.Signers = []*openpgp.Entity{other, key}
	_, uri := serve(t, s.Files(t))
	var armoured bytes.Buffer
	for _, k := range []*openpgp.Entity{signer(t), key} {
		armoured.WriteString("a line of text\n")
		w, err := armor.Encode(&armoured, openpgp.PublicKeyType, nil)
		require.NoError(t, err)
		require.NoError(t, k.Serialize(w))
		require.NoError(t, w.Close())
		armoured.WriteString("\n")
	}
	_, err := update(t, source(uri, armoured.Bytes()))
	require.NoError(t, err)
}

func TestUpdateRefuses(t *testing.T) {
	key, stranger := signer(t), signer(t)
	expiring := repositorytest.Key(t, "Expired", now.Add(-48*time.Hour), 24*time.Hour)
	const inRelease = "dists/trixie/InRelease"
	for _, test := range []struct {
		name    string
		suite   func(*repositorytest.Suite)
		files   func(map[string][]byte)
		source  func(*repository.Source)
		errors  []string
		keyring []*openpgp.Entity
	}{
		{
			name:   "another's signature",
			suite:  func(s *repositorytest.Suite) { s.Signers = []*openpgp.Entity{stranger} },
			errors: []string{"not to be trusted", "which the keyring lacks", stranger.PrimaryKey.KeyIdString()},
		},
		{
			name: "changed after signing",
			files: func(f map[string][]byte) {
				f[inRelease] = bytes.Replace(f[inRelease], []byte("Origin: Test"), []byte("Origin: Evil"), 1)
			},
			errors: []string{"changed after it was signed"},
		},
		{
			name:   "text before the signed message",
			files:  func(f map[string][]byte) { f[inRelease] = append([]byte("Origin: Evil\n"), f[inRelease]...) },
			errors: []string{"it is not signed"},
		},
		{
			name:   "text after the signature",
			files:  func(f map[string][]byte) { f[inRelease] = append(f[inRelease], "Origin: Evil\n"...) },
			errors: []string{"text follows its signature"},
		},
		{
			name:   "cut off",
			files:  func(f map[string][]byte) { f[inRelease] = f[inRelease][:len(f[inRelease])/2] },
			errors: []string{"malformed or cut off"},
		},
		{
			name:   "unsigned InRelease",
			files:  func(f map[string][]byte) { f[inRelease] = []byte("Origin: Test\n") },
			errors: []string{"it is not signed"},
		},
		{
			name:   "unsigned",
			suite:  func(s *repositorytest.Suite) { s.Signers = nil },
			errors: []string{"the repository is not signed", "no InRelease"},
		},
		{
			name: "expired key",
			suite: func(s *repositorytest.Suite) {
				s.Signers, s.Now = []*openpgp.Entity{expiring}, now.Add(-36*time.Hour)
			},
			keyring: []*openpgp.Entity{expiring},
			errors:  []string{"which expired on " + now.Add(-24*time.Hour).UTC().Format(time.DateOnly), "newer keyring"},
		},
		{
			name:   "expired suite",
			suite:  func(s *repositorytest.Suite) { s.ValidUntil = time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC) },
			errors: []string{"InRelease expired on Mon, 03 Feb 2020 04:05:06 UTC", "use another mirror"},
		},
		{
			name:   "dated in the future",
			suite:  func(s *repositorytest.Suite) { s.Date = now.Add(24 * time.Hour) },
			errors: []string{"ahead of this machine's clock"},
		},
		{
			name:   "no such suite",
			source: func(s *repository.Source) { s.Suite = "trixy" },
			errors: []string{"there is no suite trixy", "404", "check the suite's name"},
		},
		{
			name:   "no such component",
			source: func(s *repository.Source) { s.Components = []string{"main", "universe"} },
			errors: []string{"there is no component universe; it has: contrib main"},
		},
		{
			name: "tampered Packages",
			files: func(f map[string][]byte) {
				f["dists/trixie/main/binary-amd64/Packages.xz"][20] ^= 1
			},
			errors: []string{"main/binary-amd64/Packages.xz", "not the one that InRelease lists", "tampered with"},
		},
		{
			name:   "Packages missing",
			files:  func(f map[string][]byte) { delete(f, "dists/trixie/main/binary-amd64/Packages.xz") },
			errors: []string{"fetch indices", "404", "what InRelease lists for amd64 is not there: use a mirror that carries this architecture"},
		},
		{
			name:   "unreadable keyring",
			source: func(s *repository.Source) { s.Keyring = []byte("no key") },
			errors: []string{"keyring"},
		},
		{
			name:   "a password in the URI is not shown",
			source: func(s *repository.Source) { s.URI = strings.Replace(s.URI, "//", "//user:secret@", 1) + "/none" },
			errors: []string{"there is no suite trixie"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			keyring := append(test.keyring, key)
			s := suite(key)
			if test.suite != nil {
				test.suite(&s)
			}
			files := s.Files(t)
			if test.files != nil {
				test.files(files)
			}
			_, uri := serve(t, files)
			asked := source(uri, repositorytest.Keyring(t, keyring...))
			if test.source != nil {
				test.source(&asked)
			}
			_, err := update(t, asked)
			require.Error(t, err)
			for _, text := range append(test.errors, "source test (http://127.0.0.1", asked.Suite) {
				assert.ErrorContains(t, err, text)
			}
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestUpdateRefusesTheArchitectureThatASuiteLacks(t *testing.T) {
	key := signer(t)
	_, uri := serve(t, suite(key).Files(t))
	files, fetcher := openStore(t, t.TempDir())
	_, err := repository.Update(t.Context(), fetcher, files, source(uri, repositorytest.Keyring(t, key)), "arm64")
	assert.ErrorContains(t, err, "component main has no packages for the architecture arm64; the suite has: amd64")
}

// A repository signed by a stranger is refused by the embedded keyring as well.
func TestUpdateUsesTheEmbeddedKeyring(t *testing.T) {
	_, uri := serve(t, suite(signer(t)).Files(t))
	for _, distribution := range []string{repository.Debian, repository.Ubuntu} {
		s := source(uri, nil)
		s.Distribution = distribution
		_, err := update(t, s)
		assert.ErrorContains(t, err, distribution+"'s archive keyring")
		assert.ErrorContains(t, err, "which the keyring lacks")
	}
}

func TestSourceValidate(t *testing.T) {
	for complaint, s := range map[string]repository.Source{
		"not an absolute URL":   {Name: "x", URI: "debian", Suite: "trixie", Components: []string{"main"}},
		"no suite":              {Name: "x", URI: "http://host/debian", Components: []string{"main"}},
		"no components":         {Name: "x", URI: "http://host/debian", Suite: "trixie"},
		"flat repository has":   {Name: "x", URI: "http://host/debian", Suite: "/", Components: []string{"main"}},
		"x (http://host/ flat/": {Name: "x", URI: "http://user:pw@host/", Suite: "flat/", Components: []string{"main"}},
	} {
		assert.ErrorContains(t, s.Validate(), complaint)
	}
	assert.NoError(t, repository.Source{Name: "x", URI: "file:///srv/debian", Suite: "/"}.Validate())
}
