package store

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// truncate answers with the right length and half of what is still to come.
func truncate(w http.ResponseWriter, r *http.Request, data []byte) {
	var start int
	if text := r.Header.Get("Range"); text != "" {
		start, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(text, "bytes="), "-"))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, len(data)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)-start))
	if start > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	_, _ = w.Write(data[start : start+(len(data)-start)/2])
}

func TestTruncatedDownloadIsResumed(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, n int) bool {
		if n <= 2 {
			truncate(w, r, data)
		}
		return n <= 2
	}
	var log lines
	s, f := newStore(t, Options{Log: log.add})
	require.NoError(t, f.Fetch(t.Context(), []Item{m.item("a.deb", 100_000)}))
	require.Equal(t, []string{"bytes=50000-", "bytes=75000-"}, m.askedRanges())
	require.Contains(t, log.String(), "ended early, after 50000 bytes")
	requireSound(t, s, 1)
}

func TestUnannouncedTruncationIsResumed(t *testing.T) {
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, _ *http.Request, data []byte, n int) bool {
		if n == 1 { // no Content-Length: chunked, ended properly
			_, _ = w.Write(data[:len(data)/2])
			_ = http.NewResponseController(w).Flush()
		}
		return n == 1
	}
	s, f := newStore(t, Options{})
	require.NoError(t, f.Fetch(t.Context(), []Item{m.item("a.deb", 100_000)}))
	require.Equal(t, []string{"bytes=50000-"}, m.askedRanges())
	requireSound(t, s, 1)
}

// What lies in the partial file before a Fetch, and what servers make of the range asked for.
func TestResumeFromPartialFile(t *testing.T) {
	whole := func(w http.ResponseWriter, _ *http.Request, data []byte, _ int) bool {
		_, _ = w.Write(data)
		return true
	}
	otherRange := func(w http.ResponseWriter, r *http.Request, data []byte, _ int) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 7-%d/%d", len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(data[7:])
		return true
	}
	noRange := func(w http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return true
	}
	right := func(data []byte) []byte { return data[:4000] }
	wrong := func([]byte) []byte { return []byte(strings.Repeat("x", 4000)) }
	for _, c := range []struct {
		name     string
		partial  func([]byte) []byte
		first    func(http.ResponseWriter, *http.Request, []byte, int) bool
		unsized  bool
		requests int
	}{
		{"right", right, nil, false, 1},
		{"right, size not known", right, nil, true, 1},
		{"complete", func(d []byte) []byte { return d }, nil, false, 0},
		{"complete, size not known", func(d []byte) []byte { return d }, nil, true, 0},
		{"wrong", wrong, nil, false, 2},
		{"wrong, full length", func(d []byte) []byte { return make([]byte, len(d)) }, nil, false, 1},
		{"too long", func(d []byte) []byte { return append(d[:len(d):len(d)], 1) }, nil, false, 1},
		{"too long, size not known", func(d []byte) []byte { return append(d[:len(d):len(d)], 1) }, nil, true, 2},
		{"server ignores ranges", right, whole, false, 1},
		{"server sends another range", right, otherRange, false, 2},
		{"server refuses ranges", right, noRange, false, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMirror(t)
			m.first = c.first
			s, f := newStore(t, Options{})
			item := m.item("a.deb", 10_000)
			part := filepath.Join(s.partialDir(), item.SHA256)
			require.NoError(t, os.WriteFile(part, c.partial(m.files["/a.deb"]), 0o644))
			if c.unsized {
				item.Size = 0
			}
			require.NoError(t, f.Fetch(t.Context(), []Item{item}))
			require.Equal(t, c.requests, m.total())
			requireSound(t, s, 1)
			require.Empty(t, partials(t, s))
		})
	}
}

func TestStalledDownloadIsResumed(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			m := newMirror(t)
			m.first = func(w http.ResponseWriter, r *http.Request, data []byte, n int) bool {
				assert.Equal(t, protocol, r.Proto)
				if n == 1 {
					w.Header().Set("Content-Length", strconv.Itoa(len(data)))
					_, _ = w.Write(data[:1000])
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done()
				}
				return n == 1
			}
			var log lines
			o := Options{StallTimeout: 200 * time.Millisecond, Log: log.add}
			if protocol == "HTTP/2.0" {
				server := httptest.NewUnstartedServer(m)
				server.EnableHTTP2 = true
				server.StartTLS()
				defer server.Close()
				m.URL, o.CABundle = server.URL, bundle(t, server)
			}
			s, f := newStore(t, o)
			require.NoError(t, f.Fetch(t.Context(), []Item{m.item("a.deb", 10_000)}))
			require.Contains(t, log.String(), "no data for 200ms")
			require.Equal(t, []string{"bytes=1000-"}, m.askedRanges())
			requireSound(t, s, 1)
		})
	}
}
