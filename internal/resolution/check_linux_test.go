package resolution

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

// Everything here is found without tools or a machine, for which options has no mirror.
func TestCheckFindsNamesAndSuites(t *testing.T) {
	s := newSite(t)
	stranger := repositorytest.Key(t, "Stranger", s.key.PrimaryKey.CreationTime, 0)
	s.write(t, "stranger.gpg", string(repositorytest.Keyring(t, stranger)))
	uri := s.serve(t,
		repositorytest.Suite{Name: "bookworm", Packages: map[string]string{
			"main":    world(append([]string{"openssh-server 1", "kubelet 1.30-1", "kubelet 1.31-2", "chrony 4", "exim 1 Provides: mta", "postfix 1 Provides: mta"}, always...)...),
			"contrib": world("firmware-iwl 1"),
		}},
		repositorytest.Suite{Name: "bookworm-backports", Packages: map[string]string{"main": world("podman-next 5", "chrony 5")}},
		repositorytest.Suite{Name: "trixie", Packages: map[string]string{"main": world("zzz-only-in-trixie 5")}},
		repositorytest.Suite{Name: "extra", Packages: map[string]string{"main": world("qqq-of-a-vendor 5")}},
	)
	debian := repo("debian", uri, "bookworm", "main", "key.gpg")
	for name, c := range map[string]struct {
		profiles []*document.Profile
		want     []string
	}{
		"nothing wrong with names of two profiles, but for one": {
			profiles: []*document.Profile{
				s.profile(t, "a", []string{"openssh-server", "openssh-servr"}, nil, debian),
				s.profile(t, "b", []string{"openssh-server", "kubelet=1.29-1", "chrony", "mta", "chrony-"}, nil, debian),
			},
			want: []string{
				"a.yaml:8: spec.software.packages[1]: package openssh-servr: no source has a package of that name; did you mean openssh-server?",
				"b.yaml:8: spec.software.packages[1]: package kubelet: version 1.29-1 is asked for; the sources have 1.31-2, 1.30-1",
				"b.yaml:10: spec.software.packages[3]: package mta: it is a virtual package; name one that provides it: exim, postfix",
				"b.yaml:11: spec.software.packages[4]: package chrony-: no source has a package of that name; did you mean chrony?",
			},
		},
		"in other places": {
			profiles: []*document.Profile{
				s.profile(t, "c", []string{"firmware-iwl", "podman-next", "chrony=5", "zzz-only-in-trixie", "qqq-of-a-vendor"}, nil, debian),
				s.profile(t, "d", nil, nil, debian, repo("vendor", uri, "extra", "main", "key.gpg")),
			},
			want: []string{
				"c.yaml:7: spec.software.packages[0]: package firmware-iwl: no source has a package of that name, but bookworm contrib has: name that in spec.software.repos, which lists all sources",
				"c.yaml:8: spec.software.packages[1]: package podman-next: no source has a package of that name, but bookworm-backports main has: name that in spec.software.repos, which lists all sources",
				"c.yaml:9: spec.software.packages[2]: package chrony: version 5 is asked for; the sources have 4; bookworm-backports main has version 5",
				"c.yaml:10: spec.software.packages[3]: package zzz-only-in-trixie: no source has a package of that name, but trixie main has: name that in spec.software.repos, which lists all sources",
				"c.yaml:11: spec.software.packages[4]: package qqq-of-a-vendor: no source has a package of that name, but extra main of another profile's source vendor has: name that in spec.software.repos, which lists all sources",
			},
		},
		"a repository that is down, one without the suite, one of somebody else, and a name": {
			profiles: []*document.Profile{
				s.profile(
					t, "e", []string{"openssh-server"}, nil, debian, repo("down", "http://127.0.0.1:9", "s", "main", "key.gpg"),
					repo("suiteless", uri, "bullseye", "main", "key.gpg"), repo("stranger", uri, "extra", "main", "stranger.gpg"),
				),
				s.profile(t, "f", []string{"openssh-servr"}, nil, debian),
			},
			want: []string{
				"e.yaml:11: spec.software.repos[1]: source down (http://127.0.0.1:9 s): fetch InRelease: ",
				"e.yaml:12: spec.software.repos[2]: source suiteless (" + uri + " bullseye): there is no suite bullseye: ",
				"e.yaml:13: spec.software.repos[3]: source stranger (" + uri + " extra): InRelease is not to be trusted by the source's keyring: ",
				"f.yaml:7: spec.software.packages[0]: package openssh-servr: ",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			assertMistakes(t, c.want, Check(t.Context(), o, c.profiles...))
			assert.NoDirExists(t, filepath.Join(o.CacheDir, "work"), "no machine was to be started")
		})
	}
}

// assertMistakes holds an error to mistakes that begin as wanted, without their columns, and to nothing else.
func assertMistakes(t *testing.T, want []string, err error) {
	t.Helper()
	var have []string
	for _, m := range mistake.All(err) {
		m.Column = 0
		have = append(have, m.Error())
	}
	if !assert.Len(t, have, len(want), "%v", err) {
		return
	}
	for i, begin := range want {
		assert.Truef(t, len(have[i]) >= len(begin) && have[i][:len(begin)] == begin, "want %s\nhave %s", begin, have[i])
	}
	t.Log(err)
}

func TestCheckAsksApt(t *testing.T) {
	s := newSite(t)
	uri := s.debian(
		t, "docker-ce 1 Depends: helper (>= 1)", "helper 2 Depends: unattended-upgrades | uu", "unattended-upgrades 1", "uu 1 Multi-Arch: allowed",
		"cron 1 Pre-Depends: uu:any", "timer 1 Provides: time-daemon", "boxes 1 Depends: time-daemon",
		"mail 1 Conflicts: post", "post 1", "office 1 Depends: mail", "letter 1 Depends: post", "broken 1 Depends: nonesuch (>= 3)",
	)
	debian := repo("debian", uri, "bookworm", "main", "key.gpg")
	o := withTools(t)
	good := s.profile(t, "good", []string{"docker-ce", "boxes"}, []string{"uu"}, debian)
	for name, c := range map[string]struct {
		profiles []*document.Profile
		want     []string
	}{
		"pulled in": {
			profiles: []*document.Profile{
				good,
				s.profile(t, "a", []string{"docker-ce", "boxes"}, []string{"uu", "unattended-upgrades", "timer"}, debian),
				s.profile(t, "b", []string{"cron", "docker-ce"}, []string{"uu", "timer"}, debian),
				s.profile(t, "c", nil, []string{"linux-base", "base-files"}, debian),
			},
			want: []string{
				"a.yaml:7: spec.software.packages[0]: package docker-ce pulls in unattended-upgrades, which is unapproved: " +
					"docker-ce needs helper (>= 1); helper needs unattended-upgrades | uu (unapproved unattended-upgrades: a.yaml:11)",
				"a.yaml:8: spec.software.packages[1]: package boxes pulls in timer, which is unapproved: " +
					"boxes needs time-daemon (here timer) (unapproved timer: a.yaml:12)",
				"b.yaml:7: spec.software.packages[0]: package cron pulls in uu, which is unapproved: cron needs uu:any (unapproved uu: b.yaml:10)",
				"c.yaml:8: spec.software.unapproved_packages[0]: package linux-image-amd64 pulls in linux-base, which is unapproved: linux-image-amd64 needs linux-base",
				"c.yaml:9: spec.software.unapproved_packages[1]: package base-files is unapproved, but every image of these sources needs it",
			},
		},
		"conflicts": {
			profiles: []*document.Profile{
				s.profile(t, "d", []string{"letter", "broken", "office", "cron"}, []string{"uu"}, debian),
			},
			want: []string{
				"d.yaml:7: spec.software.packages[0]: package letter cannot be installed together with office: " +
					"letter needs post; office needs mail; mail conflicts with post; ask for one of them (office: d.yaml:9)",
				"d.yaml:8: spec.software.packages[1]: package broken cannot be installed: broken needs nonesuch (>= 3), which no source has",
				"d.yaml:10: spec.software.packages[3]: package cron pulls in uu",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assertMistakes(t, c.want, Check(t.Context(), o, c.profiles...))
			assertNothingLeft(t, o.CacheDir)
		})
	}
	t.Run("answered before", func(t *testing.T) {
		toolless := options(t)
		require.NoError(t, os.Symlink(filepath.Join(o.CacheDir, "locks"), filepath.Join(toolless.CacheDir, "locks")))
		require.NoError(t, Check(t.Context(), toolless, good))
	})
	t.Run("cancelled", func(t *testing.T) {
		o := o
		ctx, cancel := context.WithCancelCause(t.Context())
		o.Progress = func(format string, _ ...any) {
			if format == resolving {
				cancel(os.ErrDeadlineExceeded)
			}
		}
		err := Check(ctx, o, s.profile(t, "e", []string{"letter", "office"}, nil, debian))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assertNothingLeft(t, o.CacheDir)
	})
}

// assertNothingLeft finds no directory and no process of a machine.
func assertNothingLeft(t *testing.T, cache string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(cache, "work"))
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Empty(t, descendants(t, os.Getpid()))
}

// It needs the mirror of the host's apt sources: a small profile that is right, and one name.
func TestCheckOfARealSuite(t *testing.T) {
	s := newSite(t)
	o := withTools(t)
	o.Mirror = ""
	require.NoError(t, Check(t.Context(), o, s.profile(t, "good", []string{"openssh-server"}, []string{"systemd-timesyncd"})))
	assertNothingLeft(t, o.CacheDir)
	assertMistakes(t, []string{
		"bad.yaml:7: spec.software.packages[0]: package openssh-servr: no source has a package of that name; did you mean openssh-server?",
		"bad.yaml:8: spec.software.packages[1]: package firmware-iwlwifi: no source has a package of that name, but bookworm non-free-firmware has: ",
	}, Check(t.Context(), o, s.profile(t, "bad", []string{"openssh-servr", "firmware-iwlwifi"}, nil)))
}
