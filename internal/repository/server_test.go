package repository_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

func server(t *testing.T) *repository.Server {
	t.Helper()
	s, err := repository.NewServer()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func get(t *testing.T, url, span string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if span != "" {
		request.Header.Set("Range", span)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

// put keeps a .deb with that control paragraph in the store, as a lock has it.
func put(t *testing.T, files *store.Store, name, version, more, extension string) repository.Locked {
	t.Helper()
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: T <t@example.org>\nDescription: test\n a test\n%s", name, version, more)
	data := repositorytest.Deb(t, control, map[string]string{"usr/share/" + name: "content of " + name}, extension)
	sum, err := files.Put(t.Context(), bytes.NewReader(data))
	require.NoError(t, err)
	return repository.Locked{Name: name, Version: version, Architecture: "amd64", Size: int64(len(data)), SHA256: sum}
}

func TestServerServesLockedPackages(t *testing.T) {
	files, _ := openStore(t, t.TempDir())
	packages := []repository.Locked{put(t, files, "a", "1:2-3", "Priority: extra\n", ".zst"), put(t, files, "b", "1", "", ".gz")}
	s := server(t)
	date := time.Unix(1700000000, 0)
	mount, err := s.AddLocked(t.Context(), files, packages, date)
	require.NoError(t, err)
	uri := mount.URI("127.0.0.1")
	_, index := get(t, uri+"/Packages", "")
	assert.Contains(t, index, "Priority: extra\nFilename: ./pool/a_1.2-3_amd64.deb\n")
	_, release := get(t, uri+"/Release", "")
	assert.Contains(t, release, fmt.Sprintf(" %x %d Packages\n", sha256.Sum256([]byte(index)), len(index)))
	assert.Contains(t, release, "Date: Tue, 14 Nov 2023 22:13:20 UTC\n")

	_, whole := get(t, uri+"/pool/a_1.2-3_amd64.deb", "")
	assert.Equal(t, packages[0].SHA256, fmt.Sprintf("%x", sha256.Sum256([]byte(whole))))
	code, part := get(t, uri+"/pool/a_1.2-3_amd64.deb", "bytes=8-20")
	assert.Equal(t, http.StatusPartialContent, code)
	assert.Equal(t, whole[8:21], part)

	again, err := s.AddLocked(t.Context(), files, packages, date)
	require.NoError(t, err)
	_, same := get(t, again.URI("127.0.0.1")+"/Release", "")
	assert.Equal(t, release, same)
}

func TestServerGivesNothingWithoutItsToken(t *testing.T) {
	files, _ := openStore(t, t.TempDir())
	s := server(t)
	mount, err := s.AddLocked(t.Context(), files, []repository.Locked{put(t, files, "a", "1", "", ".xz")}, time.Unix(0, 0))
	require.NoError(t, err)
	u, err := url.Parse(mount.URI("127.0.0.1"))
	require.NoError(t, err)
	elements := strings.Split(u.Path, "/")
	require.Len(t, elements, 3)
	assert.GreaterOrEqual(t, len(elements[1]), 26)
	for _, path := range []string{"/", "/Packages", "/0/Packages", "/wrong/0/Packages", "/" + elements[1], u.Path, u.Path + "/../../etc/passwd"} {
		code, _ := get(t, fmt.Sprintf("http://127.0.0.1:%d%s", s.Port(), path), "")
		assert.Equal(t, http.StatusNotFound, code, path)
	}
	response, err := http.Post(mount.URI("127.0.0.1")+"/Packages", "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

func TestAddLockedRefuses(t *testing.T) {
	files, _ := openStore(t, t.TempDir())
	good := put(t, files, "a", "1", "", ".xz")
	other := good
	other.Version = "2"
	missing := good
	missing.SHA256 = strings.Repeat("0", 64)
	for complaint, p := range map[string]repository.Locked{
		`its control paragraph has version "1", the lock "2"`: other,
		"is not in the store":  missing,
		"has a field filename": put(t, files, "b", "1", "Filename: evil\n", ".xz"),
		"2 paragraphs":         put(t, files, "c", "1", "\nPackage: evil\nVersion: 1\n", ".xz"),
	} {
		_, err := server(t).AddLocked(t.Context(), files, []repository.Locked{p}, time.Now())
		assert.ErrorContains(t, err, complaint)
	}
}

// apt itself downloads from a locked repository.
func TestAptUsesALockedRepository(t *testing.T) {
	aptGet, err := exec.LookPath("apt-get")
	require.NoError(t, err, "this test needs apt")
	files, _ := openStore(t, t.TempDir())
	packages := []repository.Locked{put(t, files, "a", "1:2-3", "Depends: b\n", ".zst"), put(t, files, "b", "1", "", ".xz")}
	mount, err := server(t).AddLocked(t.Context(), files, packages, time.Unix(1700000000, 0))
	require.NoError(t, err)
	a := newApt(t, aptGet, fmt.Sprintf("deb [trusted=yes] %s %s\n", mount.URI("127.0.0.1"), mount.Suite))
	a.run(t, "update")
	a.run(t, "-y", "--download-only", "install", "a")
	for _, name := range []string{"a_1%3a2-3_amd64.deb", "b_1_amd64.deb"} {
		assert.FileExists(t, filepath.Join(a.root, "var/cache/apt/archives", name))
	}
}

// apt with a root of its own for all that it reads and writes.
type apt struct {
	program, root string
}

func newApt(t *testing.T, program, sources string) apt {
	t.Helper()
	a := apt{program: program, root: t.TempDir()}
	for _, sub := range []string{
		"etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d",
		"var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(a.root, sub), 0o755))
	}
	for name, text := range map[string]string{
		"etc/apt/sources.list": sources, "status": "",
		"apt.conf": fmt.Sprintf("Dir %q;\nDir::State::status %q;\n", a.root, filepath.Join(a.root, "status")) +
			`APT::Architecture "amd64"; APT::Architectures { "amd64"; }; APT::Sandbox::User "root"; Acquire::Languages "none";
			APT::Update::Error-Mode "any"; Acquire::http::Proxy "DIRECT"; Debug::NoLocking "true";`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(a.root, name), []byte(text), 0o644))
	}
	return a
}

func (a apt) run(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), a.program, append([]string{"-q"}, args...)...)
	command.Env = append(os.Environ(), "LC_ALL=C", "APT_CONFIG="+filepath.Join(a.root, "apt.conf"))
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NotContains(t, string(out), "W: ", "apt warns")
	return string(out)
}
