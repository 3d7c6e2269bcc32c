package publish

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/airshipit/packer-plugin-airship/internal/inorder/inordertest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// password is what no message may show.
const password = "hunter2-opensesame"

// fresh gives the test a Docker configuration of its own, and returns its file.
func fresh(t *testing.T, content string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(content), 0o600))
}

// noise is content that differs by its seed.
func noise(size int, seed byte) []byte {
	data := inordertest.Noise(size)
	for i := range data {
		data[i] ^= seed
	}
	return data
}

// written is an image of a new file.
func written(t *testing.T, name, format string, content []byte) Image {
	t.Helper()
	file := filepath.Join(t.TempDir(), "built-"+name)
	require.NoError(t, os.WriteFile(file, content, 0o644))
	s256, s512, m := sha256.Sum256(content), sha512.Sum512(content), md5.Sum(content)
	return Image{
		File: file, Name: name, Format: format, Profile: "node", Architecture: "amd64", Size: int64(len(content)), Epoch: 1700000000,
		SHA256: hex.EncodeToString(s256[:]), SHA512: hex.EncodeToString(s512[:]), MD5: hex.EncodeToString(m[:]),
	}
}

func qcow2(t *testing.T, size int) Image {
	t.Helper()
	return written(t, "node.qcow2", plan.QCOW2, noise(size, 0))
}

// spoken are the lines of a test.
type spoken struct {
	mu    sync.Mutex
	lines []string
}

func (s *spoken) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *spoken) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// quick has short times and small chunks.
func quick(said *spoken) Transfer {
	return Transfer{
		ChunkSize: 64 << 10, Retries: 4, Backoff: time.Millisecond, StallTimeout: 30 * time.Second, AnswerTimeout: 30 * time.Second, Say: said.say, every: 10 * time.Millisecond,
	}
}

// specified is a registry that does what the specification says, in memory.
func specified() http.Handler { return ociserver.New(ocimem.New(), nil) }

// serve serves a registry on the loopback interface, and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// before is a proxy before the registry at an address. Where its connection to that breaks, so does the client's.
func before(address string) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = r.In.Host // the registry writes it into Location
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// counted counts requests by their methods, and the bytes of bodies.
type counted struct {
	http.Handler
	mu      sync.Mutex
	methods map[string]int
	bytes   atomic.Int64
}

func count(h http.Handler) *counted { return &counted{Handler: h, methods: map[string]int{}} }

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.methods[r.Method]++
	c.mu.Unlock()
	r.Body = &tapped{r.Body, func(n int) error { c.bytes.Add(int64(n)); return nil }}
	c.Handler.ServeHTTP(w, r)
}

func (c *counted) of(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.methods[method]
}

// tapped is a body that is watched as it is read.
type tapped struct {
	io.ReadCloser
	tap func(n int) error
}

func (b *tapped) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if stop := b.tap(n); stop != nil {
		return n, stop
	}
	return n, err
}

// blobAt reads a blob back.
func blobAt(t *testing.T, address, repository, digest string) []byte {
	t.Helper()
	response, err := http.Get("http://" + address + "/v2/" + repository + "/blobs/" + digest)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return data
}

// tagsOf are the tags of a repository; none where there is no such repository.
func tagsOf(t *testing.T, address, repository string) []string {
	t.Helper()
	repo, err := remote.NewRepository(address + "/" + repository)
	require.NoError(t, err)
	repo.PlainHTTP = true
	var all []string
	_ = repo.Tags(context.Background(), "", func(some []string) error { all = append(all, some...); return nil })
	return all
}

func sameBytes(t *testing.T, want, got []byte) {
	t.Helper()
	require.True(t, bytes.Equal(want, got), "the content is another")
}
