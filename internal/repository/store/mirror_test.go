package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mirror is an HTTP server of random files that counts what it is asked.
type mirror struct {
	*httptest.Server
	// first, where set, may answer a request itself; n is 1 for a path's first request.
	first func(w http.ResponseWriter, r *http.Request, data []byte, n int) (done bool)

	mu       sync.Mutex
	files    map[string][]byte
	requests map[string]int
	ranges   []string // Range headers, in order
	sent     int      // bytes, by slowly
}

func newMirror(t *testing.T) *mirror {
	m := &mirror{files: map[string][]byte{}, requests: map[string]int{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.requests[r.URL.Path]++
	n := m.requests[r.URL.Path]
	if text := r.Header.Get("Range"); text != "" {
		m.ranges = append(m.ranges, text)
	}
	data, found := m.files[r.URL.Path]
	m.mu.Unlock()
	if m.first != nil && m.first(w, r, data, n) {
		return
	}
	if !found {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (m *mirror) count(path string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests[path]
}

func (m *mirror) total() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := 0
	for _, n := range m.requests {
		sum += n
	}
	return sum
}

func (m *mirror) askedRanges() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.ranges...)
}

// item makes a file of random bytes and describes it.
func (m *mirror) item(name string, size int) Item {
	data := randomBytes(size)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files["/"+name] = data
	return Item{Name: name, URL: m.URL + "/" + name, SHA256: hashOf(data), Size: int64(size)}
}

func (m *mirror) items(n, size int) []Item {
	var items []Item
	for i := range n {
		items = append(items, m.item(fmt.Sprintf("p%02d.deb", i), size))
	}
	return items
}

func randomBytes(size int) []byte {
	data := make([]byte, size)
	source := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for i := range data {
		data[i] = byte(source.Uint32())
	}
	return data
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// lines collects what a Fetcher logs.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, fmt.Sprintf(format, args...))
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.text, "\n")
}

// newStore is an empty store with a Fetcher that retries quickly.
func newStore(t *testing.T, o Options) (*Store, *Fetcher) {
	t.Helper()
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	return s, newFetcher(t, s, o)
}

func newFetcher(t *testing.T, s *Store, o Options) *Fetcher {
	t.Helper()
	if o.Backoff == 0 {
		o.Backoff = time.Millisecond
	}
	f, err := NewFetcher(s, o)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f
}

// complete lists the files under final names.
func complete(dir string) []string {
	var paths []string
	_ = filepath.WalkDir(filepath.Join(dir, "sha256"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	return paths
}

// requireSound checks that every file is what its name says, and how many there are.
func requireSound(t *testing.T, s *Store, files int) {
	t.Helper()
	paths := complete(s.dir)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, filepath.Base(path), hashOf(data))
	}
	require.Len(t, paths, files)
}

// partials lists the names in the directory of incomplete files.
func partials(t *testing.T, s *Store) []string {
	t.Helper()
	entries, err := os.ReadDir(s.partialDir())
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// slowly sends data in small pieces.
func (m *mirror) slowly(w http.ResponseWriter, r *http.Request, data []byte, pause time.Duration) {
	start := 0
	if text := r.Header.Get("Range"); text != "" {
		start, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(text, "bytes="), "-"))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, len(data)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)-start))
	if start > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	for rest := data[start:]; len(rest) > 0 && r.Context().Err() == nil; time.Sleep(pause) {
		n, err := w.Write(rest[:min(len(rest), 4096)])
		if err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		rest = rest[n:]
		m.mu.Lock()
		m.sent += n
		m.mu.Unlock()
	}
}
