package resolution

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// A lock is made with a key that is fetched, and remembered: no machine is needed the second time.
func TestResolve(t *testing.T) {
	s := newSite(t)
	uri := s.debian(t, "htop 1 Depends: libncurses (>= 6)", "libncurses 6", "libncurses 7", "libncurses 8", "left-out 1")
	keys := "file://" + filepath.Join(s.directory, "key.gpg")
	ask := func(name, fingerprint string) plan.Request {
		repo := fmt.Sprintf("{name: debian, source: %q, suite: bookworm, components: main, register_repo_with_rootfs: false, "+
			"keyring_url: %q, keyringFingerprint: %q}", uri, keys, fingerprint)
		request, err := plan.Ask(&s.profile(t, name, []string{"htop", "libncurses=7"}, nil, repo).NodeProfile, plan.Form{})
		require.NoError(t, err)
		return request
	}
	request := ask("right", fmt.Sprintf("%X", s.key.PrimaryKey.Fingerprint))
	o := withTools(t)
	cache, err := OpenCache(CacheOptions{Dir: o.CacheDir, Mirror: o.Mirror, Say: t.Logf})
	require.NoError(t, err)
	defer cache.Close()

	var first plan.Lock
	var digest string
	require.NoError(t, cache.within(t.Context(), Wants{Isolation: "namespace", Architecture: architecture(nil)}, func(o Options) error {
		digest = o.Toolbox
		var err error
		first, err = Resolve(t.Context(), o, request)
		return err
	}))
	require.NoError(t, first.Check(request))
	assert.Equal(t, digest, first.Toolbox)
	assert.Contains(t, first.Suites[0].Keyring, "BEGIN PGP PUBLIC KEY BLOCK")
	versions := map[string]string{}
	for _, p := range first.Packages {
		versions[p.Name] = p.Version
	}
	assert.Equal(t, "7", versions["libncurses"])
	assert.Contains(t, versions, "linux-base")
	assert.NotContains(t, versions, "left-out")

	again, err := Resolve(t.Context(), Options{Cache: cache, Toolbox: digest}, request)
	require.NoError(t, err)
	assert.Equal(t, first, again)

	_, err = Resolve(t.Context(), Options{Cache: cache, Toolbox: digest}, ask("wrong", "00000000000000000000"+"00000000000000000000"))
	require.ErrorContains(t, err, "source debian: keyring "+keys+": no key with the fingerprint 0000")

	// What is half written or was edited is resolved anew.
	locks, err := filepath.Glob(filepath.Join(o.CacheDir, "locks", "*"))
	require.NoError(t, err)
	require.Len(t, locks, 1)
	require.NoError(t, os.WriteFile(locks[0], []byte("{"), 0o600))
	assert.False(t, cache.locks().answered(request, nil))
	_, found := cache.locks().read(request, locks[0])
	assert.False(t, found)
}
