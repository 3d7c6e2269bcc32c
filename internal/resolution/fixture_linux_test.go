package resolution

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// always are the packages that every image asks for.
var always = []string{
	"apt 1", "base-files 1 Essential: yes", "systemd-sysv 1", "udev 1", "initramfs-tools 1", "grub2-common 1", "grub-pc-bin 1",
	"grub-efi-amd64-bin 1", "e2fsprogs 1", "fdisk 1", "dosfstools 1", "linux-image-amd64 1 Depends: linux-base",
	"linux-base 1", "linux-image-cloud-amd64 1 Depends: linux-base",
}

// world is a Packages file: NAME VERSION FIELD: VALUE; FIELD: VALUE…
func world(lines ...string) string {
	var text strings.Builder
	for i, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		version, fields, _ := strings.Cut(rest, " ")
		fmt.Fprintf(&text, "Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/%s.deb\nSize: 1\nSHA256: %064x\n",
			name, version, name, i+1)
		for field := range strings.SplitSeq(fields, "; ") {
			if field != "" {
				text.WriteString(field + "\n")
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

// site is a directory of documents, with the repositories that they name.
type site struct {
	directory string
	key       *openpgp.Entity
}

// newSite changes into a new directory, so that documents have short names.
func newSite(t *testing.T) site {
	t.Helper()
	s := site{t.TempDir(), repositorytest.Key(t, "Site", time.Now().Add(-24*time.Hour), 0)}
	s.write(t, "key.gpg", string(repositorytest.Keyring(t, s.key)))
	t.Chdir(s.directory)
	return s
}

func (s site) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.directory, name), []byte(text), 0o600))
}

// serve publishes suites with the site's key and returns their URI.
func (s site) serve(t *testing.T, suites ...repositorytest.Suite) string {
	t.Helper()
	return s.serveBut(t, "", suites...)
}

// serveBut is serve without the files whose paths have a directory of that name.
func (s site) serveBut(t *testing.T, directory string, suites ...repositorytest.Suite) string {
	t.Helper()
	files := map[string][]byte{}
	for _, suite := range suites {
		suite.Signers = append(suite.Signers, s.key)
		for name, data := range suite.Files(t) {
			if directory == "" || !slices.Contains(strings.Split(name, "/"), directory) {
				files[name] = data
			}
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, found := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !found {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// debian publishes the suite bookworm with these packages beside those of every image.
func (s site) debian(t *testing.T, packages ...string) string {
	t.Helper()
	return s.serve(t, repositorytest.Suite{Name: "bookworm", Packages: map[string]string{"main": world(append(packages, always...)...)}})
}

// repo is an entry of repos, in one line.
func repo(name, uri, suite, components, key string) string {
	return fmt.Sprintf("{name: %s, source: %q, suite: %s, components: %s, keyring: %s, register_repo_with_rootfs: false}",
		name, uri, suite, components, key)
}

// profile writes NAME.yaml and reads it: packages from line 7, then unapproved packages, then repos.
func (s site) profile(t *testing.T, name string, packages, unapproved []string, repos ...string) *document.Profile {
	t.Helper()
	text := "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: " + name + "}\nspec:\n  software:\n"
	for _, list := range []struct {
		name    string
		entries []string
	}{{"packages", packages}, {"unapproved_packages", unapproved}, {"repos", repos}} {
		text += "    " + list.name + ":\n"
		for _, entry := range list.entries {
			text += "    - " + entry + "\n"
		}
		if len(list.entries) == 0 {
			text = strings.TrimSuffix(text, "\n") + " []\n"
		}
	}
	s.write(t, name+".yaml", text)
	p, err := readProfile(name + ".yaml")
	require.NoError(t, err)
	return p
}

// readProfile reads the only profile of a file.
func readProfile(name string) (*document.Profile, error) {
	set, err := document.Source{Documents: []string{name}}.Read(context.Background())
	if err != nil {
		return nil, err
	}
	chosen, err := set.Select(document.Selection{})
	if err != nil {
		return nil, err
	}
	return chosen[0], nil
}

// options are those of a check that cannot make tools or machines: it has no mirror.
func options(t *testing.T) CheckOptions {
	return CheckOptions{CacheDir: t.TempDir(), Mirror: "http://127.0.0.1:9", Isolation: "namespace", Progress: t.Logf}
}

// withTools are options of a check in a namespace, with a cache of its own but for the tools.
func withTools(t *testing.T) CheckOptions {
	t.Helper()
	mapping, err := userns.Detect(t.Context())
	require.NoError(t, err)
	o := options(t)
	tree := machinetest.Toolbox(t, mapping)
	require.NoError(t, os.Symlink(filepath.Dir(tree), filepath.Join(o.CacheDir, "toolbox")))
	return o
}
