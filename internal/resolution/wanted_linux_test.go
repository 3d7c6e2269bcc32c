package resolution

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// What a platform wants is had where the sources have it and it fits, and else left out with a word.
func TestWanted(t *testing.T) {
	s := newSite(t)
	const daemons, agent = "hyperv-daemons 1 Depends: hv-library", "waagent 2 Depends: python3; Conflicts: network-manager"
	world := []string{"hv-library 1", "python3 3 Depends: python3-minimal", "python3-minimal 3", "network-manager 1", "broken 1 Depends: nonesuch"}
	const noDaemons = "without hyperv-daemons, which is for the platform azure: "
	const noAgent = "without waagent, which is for the platform azure: "
	o := withTools(t)
	cases := map[string]struct {
		platform             string
		has                  []string
		packages, unapproved []string
		wanted, taken        []string // of the request
		said                 []string
		wrong                string
	}{
		"both": {
			platform: "azure", has: []string{daemons, agent}, wanted: []string{"hyperv-daemons", "waagent"}, taken: []string{"hyperv-daemons", "waagent"},
		},
		"one that the sources lack": {
			platform: "azure", has: []string{agent}, wanted: []string{"hyperv-daemons", "waagent"}, taken: []string{"waagent"},
			said: []string{noDaemons + "no source has it"},
		},
		"one unapproved": {
			platform: "azure", has: []string{daemons, agent}, unapproved: []string{"waagent"}, wanted: []string{"hyperv-daemons"}, taken: []string{"hyperv-daemons"},
		},
		"one that pulls in what is unapproved": {
			platform: "azure", has: []string{daemons, agent}, unapproved: []string{"python3-minimal"},
			wanted: []string{"hyperv-daemons", "waagent"}, taken: []string{"hyperv-daemons"},
			said: []string{noAgent + "package waagent pulls in python3-minimal, which is unapproved: " +
				"waagent needs python3; python3 needs python3-minimal"},
		},
		"one that conflicts with what is asked for, and one that lacks something": {
			platform: "azure", has: []string{"hyperv-daemons 1 Depends: nonesuch", agent}, packages: []string{"network-manager"},
			wanted: []string{"hyperv-daemons", "waagent"},
			said:   []string{noDaemons + "hyperv-daemons needs nonesuch, which no source has", noAgent + "waagent conflicts with network-manager"},
		},
		"one that is asked for": {
			platform: "azure", has: []string{daemons, agent}, packages: []string{"waagent=2"}, wanted: []string{"hyperv-daemons"}, taken: []string{"hyperv-daemons"},
		},
		"one that is asked for and that the sources lack": {
			platform: "azure", has: []string{daemons}, packages: []string{"waagent"}, wanted: []string{"hyperv-daemons"},
			wrong: "p.yaml:7: spec.software.packages[0]: package waagent: no source has a package of that name",
		},
		"a profile that is wrong itself": {
			platform: "azure", has: []string{daemons, agent}, packages: []string{"broken"}, wanted: []string{"hyperv-daemons", "waagent"},
			wrong: "p.yaml:7: spec.software.packages[0]: package broken cannot be installed: broken needs nonesuch, which no source has",
		},
		"bare metal": {platform: "baremetal", has: []string{daemons, agent}},
	}
	var said []string
	cache, err := OpenCache(CacheOptions{Dir: o.CacheDir, Mirror: o.Mirror, Say: func(format string, args ...any) {
		if format == withoutWanted {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}})
	require.NoError(t, err)
	defer cache.Close()
	require.NoError(t, cache.within(t.Context(), Wants{Isolation: "namespace", Architecture: architecture(nil)}, func(resolve Options) error {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				uri := s.debian(t, append(c.has, world...)...)
				p := s.profile(t, "p", c.packages, c.unapproved, repo("debian", uri, "bookworm", "main", "key.gpg"))
				p.NodeProfile.Spec.Platform = c.platform
				request, err := plan.Ask(&p.NodeProfile, plan.Form{})
				require.NoError(t, err)
				assert.Equal(t, c.wanted, request.Wanted)

				said = nil
				lock, err := Resolve(t.Context(), resolve, request)
				assert.Equal(t, c.said, said)
				if c.wrong != "" {
					assertMistakes(t, []string{c.wrong}, Locate(p, err))
					assertMistakes(t, []string{c.wrong}, Check(t.Context(), o, p))
					return
				}
				require.NoError(t, err)
				assert.Equal(t, c.taken, request.Taken(lock.Packages))
				made, err := plan.New(&p.NodeProfile, lock, plan.Options{})
				require.NoError(t, err)
				assert.ElementsMatch(t, slices.Concat(request.Include, c.taken), made.RootFS.Include)

				// Neither a build nor a check needs a machine now.
				again, err := Resolve(t.Context(), Options{Cache: cache, Toolbox: resolve.Toolbox}, request)
				require.NoError(t, err)
				assert.Equal(t, lock, again)
				require.NoError(t, Check(t.Context(), CheckOptions{CacheDir: o.CacheDir, Mirror: o.Mirror}, p))
			})
		}
		return nil
	}))
}

// A check decides as a build does.
func TestCheckOfWanted(t *testing.T) {
	s := newSite(t)
	p := s.profile(t, "p", nil, nil, repo("debian", s.debian(t), "bookworm", "main", "key.gpg"))
	p.NodeProfile.Spec.Platform = "gcp"
	o := withTools(t)
	var said []string
	o.Progress = func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	require.NoError(t, Check(t.Context(), o, p))
	assert.Contains(t, said, "without google-guest-agent, which is for the platform gcp: no source has it")
}

func TestKeyrings(t *testing.T) {
	s := newSite(t)
	address := "file://" + filepath.Join(s.directory, "key.gpg")
	const source = "{name: %s, source: \"http://127.0.0.1:9\", suite: s, components: main, " +
		"register_repo_with_rootfs: false, keyring_url: %q, keyringFingerprint: %q}"
	named := fmt.Sprintf(source, "named", address, fmt.Sprintf("%X", s.key.PrimaryKey.Fingerprint))
	given := repo("given", "http://127.0.0.1:9", "s", "main", "key.gpg")
	cache, err := OpenCache(CacheOptions{Dir: t.TempDir(), Mirror: "http://127.0.0.1:9", Say: t.Logf})
	require.NoError(t, err)
	defer cache.Close()
	ask := func(p *document.Profile) plan.Request {
		request, err := plan.Ask(&p.NodeProfile, plan.Form{})
		require.NoError(t, err)
		return request
	}

	request := ask(s.profile(t, "right", nil, nil, named, given))
	sources, err := cache.Keyrings(t.Context(), request)
	require.NoError(t, err)
	assert.Contains(t, sources[0].Keyring, "BEGIN PGP PUBLIC KEY BLOCK")
	assert.Empty(t, request.Sources[0].Keyring, "the request stays as it is")
	assert.Equal(t, request.Sources[1], sources[1])

	wrong := s.profile(t, "wrong", nil, nil, given, fmt.Sprintf(source, "named", address, strings.Repeat("00", 20)))
	_, err = cache.Keyrings(t.Context(), ask(wrong))
	assertMistakes(t, []string{"wrong.yaml:10: spec.software.repos[1]: source named: keyring " + address + ": no key with the fingerprint 0000"},
		Locate(wrong, err))
}
