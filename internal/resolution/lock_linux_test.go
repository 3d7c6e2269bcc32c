package resolution

import (
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// TestLock asks apt about the suites of Debian 12, with all their packages and with what lock shows of
// them. It needs the mirror of the host's apt sources, and user namespaces.
func TestLock(t *testing.T) {
	m, _ := machinetest.Start(t)
	request, releases := bookworm(t)
	all := mirrorsOf(t, request, releases)
	server, err := repository.NewServer()
	require.NoError(t, err)
	defer server.Close()
	index, err := repository.NewIndex(releases...)
	require.NoError(t, err)
	for name, include := range map[string]string{
		"an image": "ca-certificates chrony cloud-init dbus e2fsprogs grub-efi-amd64-bin grub-pc-bin grub2-common " +
			"initramfs-tools iproute2 linux-image-cloud-amd64 netplan.io openssh-server sudo systemd-sysv udev",
		// It needs an xemacs21: whose is decided by the order in which apt sees names.
		"providers of equal rank": "gimp-help-sv",
	} {
		t.Run(name, func(t *testing.T) {
			request.Include = strings.Fields(include)
			begin := time.Now()
			lock, err := lock(t.Context(), m, server, &question{request: request, releases: releases, index: index}, "", nil, t.Logf)
			require.NoError(t, err)
			t.Logf("narrowed: %v", time.Since(begin))
			begin = time.Now()
			packages, err := rootfs.Resolve(t.Context(), m, request, all)
			require.NoError(t, err)
			t.Logf("whole: %v", time.Since(begin))
			assert.Equal(t, packages, lock.Packages)
		})
	}
}

// bookworm is a request without packages, and its releases.
func bookworm(t *testing.T) (plan.Request, []*repository.Release) {
	t.Helper()
	mirrors := machinetest.Mirror(t)
	files, err := store.Open(t.TempDir())
	require.NoError(t, err)
	fetcher, err := store.NewFetcher(files, store.Options{})
	require.NoError(t, err)
	t.Cleanup(fetcher.Close)
	request := plan.Request{Target: plan.Target{Architecture: "amd64"}}
	var releases []*repository.Release
	for _, source := range []repository.Source{
		{Suite: "bookworm", URI: mirrors.Main},
		{Suite: "bookworm-updates", URI: mirrors.Main},
		{Suite: "bookworm-security", URI: mirrors.Security},
	} {
		source.Name, source.Components = source.Suite, []string{"main"}
		r, err := repository.Update(t.Context(), fetcher, files, source, "amd64")
		require.NoError(t, err)
		releases = append(releases, r)
		request.Sources = append(request.Sources, plan.Source{Name: source.Name, Suite: source.Suite, Components: source.Components})
	}
	return request, releases
}

// mirrorsOf serves releases whole.
func mirrorsOf(t *testing.T, request plan.Request, releases []*repository.Release) rootfs.Mirrors {
	t.Helper()
	files := http.NewServeMux()
	server := httptest.NewServer(files)
	t.Cleanup(server.Close)
	mirrors := rootfs.Mirrors{}
	for i, r := range releases {
		dists := "/" + request.Sources[i].Name + "/dists/" + r.Source.Suite
		// Without its signature, which apt in the machine has no key to check by.
		_, text, _ := strings.Cut(string(r.InRelease), "\n\n")
		text, _, _ = strings.Cut(text, "-----BEGIN PGP SIGNATURE-----")
		files.HandleFunc(path.Join(dists, "Release"), func(w http.ResponseWriter, q *http.Request) {
			http.ServeContent(w, q, "", r.Date, strings.NewReader(text))
		})
		for _, index := range r.Indices {
			file := func(w http.ResponseWriter, q *http.Request) { http.ServeFile(w, q, index.File) }
			files.HandleFunc(path.Join(dists, index.Path), file)
			files.HandleFunc(path.Join(dists, path.Dir(index.Path), "by-hash/SHA256", index.SHA256), file)
		}
		mirrors[request.Sources[i].Name] = server.URL + "/" + request.Sources[i].Name
	}
	return mirrors
}
