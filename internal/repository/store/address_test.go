package store

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBadItems(t *testing.T) {
	_, f := newStore(t, Options{})
	good := strings.Repeat("0", 64)
	err := f.Fetch(t.Context(), []Item{
		{Name: "a", URL: "ftp://me:geheim@host/a", SHA256: good},
		{Name: "b", URL: "http://me:ge/heim@host/b", SHA256: good},
		{Name: "c", URL: "host/c", SHA256: good},
		{Name: "d", URL: "http:///d", SHA256: good},
		{Name: "e", URL: "http://host/e", SHA256: "../../e"},
		{Name: "f", URL: "file:", SHA256: good},
	})
	require.EqualError(t, err, `6 errors occurred:
	* a: ftp://host/a: http, https or file expected
	* b: the URL cannot be parsed
	* c: the URL has no scheme: http, https or file expected
	* d: the URL names no host
	* e: "../../e" is not a SHA-256 in lower-case hexadecimal
	* f: the URL names no file: file:///path expected

`)
}

func TestCredentialsAreSentAndNotShown(t *testing.T) {
	m := newMirror(t)
	var user, password string
	m.first = func(w http.ResponseWriter, r *http.Request, _ []byte, n int) bool {
		user, password, _ = r.BasicAuth()
		if r.URL.Path == "/moved.deb" {
			http.Redirect(w, r, "/missing.deb?token=geheim", http.StatusFound)
			return true
		}
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 1
	}
	var said lines
	_, f := newStore(t, Options{Log: said.add})
	item := m.item("a.deb", 100)
	with := strings.Replace(m.URL, "http://", "http://me:geheim@", 1)
	item.URL = with + "/a.deb?sig=geheim"
	require.NoError(t, f.Fetch(t.Context(), []Item{item}))
	require.Equal(t, []string{"me", "geheim"}, []string{user, password})
	require.Contains(t, said.String(), m.URL+"/a.deb?…: 503")
	require.NotContains(t, said.String(), "geheim")

	item.URL, item.SHA256 = with+"/moved.deb", strings.Repeat("0", 64)
	err := f.Fetch(t.Context(), []Item{item})
	require.EqualError(t, err, m.URL+"/moved.deb: 404 Not Found")
	require.Equal(t, "geheim", password, "kept on a redirect within the host")

	m.Close()
	_, err = f.Get(t.Context(), with+"/a.deb?sig=geheim", 10)
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "geheim")
}

func TestFileURLs(t *testing.T) {
	dir := t.TempDir()
	data := randomBytes(10_000)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a b.deb"), data, 0o644))
	s, f := newStore(t, Options{})
	item := Item{Name: "a b.deb", URL: "file://" + dir + "/a%20b.deb", SHA256: hashOf(data), Size: 10_000}
	require.NoError(t, os.WriteFile(filepath.Join(s.partialDir(), item.SHA256), data[:100], 0o644))
	require.NoError(t, f.Fetch(t.Context(), []Item{item}))
	requireSound(t, s, 1)
	got, err := f.Get(t.Context(), item.URL, 10_000)
	require.NoError(t, err)
	require.Equal(t, data, got)
	_, err = f.Get(t.Context(), "file://"+dir+"/none", 10)
	require.EqualError(t, err, "file://"+dir+"/none: no such file")
	_, err = f.Get(t.Context(), "file://"+dir, 10)
	require.ErrorIs(t, err, errRedirect)
}

func TestRedirects(t *testing.T) {
	plain := newMirror(t)
	plain.item("a", 10)
	plain.first = func(w http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
		if r.URL.Path == "/to" {
			http.Redirect(w, r, r.URL.Query().Get("url"), http.StatusFound)
		}
		return r.URL.Path == "/to"
	}
	_, f := newStore(t, Options{})
	to := func(target string) error {
		_, err := f.Get(t.Context(), plain.URL+"/to?url="+url.QueryEscape(target), 10)
		return err
	}
	require.NoError(t, to("/a"))
	require.EqualError(t, to("file:///etc/hostname"), plain.URL+`/to?…: redirect refused: to the scheme "file"`)
	require.EqualError(t, to("/to?url=/to"), plain.URL+`/to?…: 404 Not Found`)
}

// bundle writes a server's certificate to a file.
func bundle(t *testing.T, server *httptest.Server) string {
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(path, block, 0o644))
	return path
}

func TestPrivateAuthority(t *testing.T) {
	requests := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.URL.Path == "/down" {
			http.Redirect(w, r, "http://mirror.invalid/secret", http.StatusFound)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is what is tested
	server.StartTLS()
	defer server.Close()
	bundle := bundle(t, server)
	s, without := newStore(t, Options{Backoff: time.Hour})
	_, err := without.Get(t.Context(), server.URL+"/a", 10)
	require.ErrorContains(t, err, "certificate signed by unknown authority (a private authority's certificate must be given as CA bundle)")
	require.Zero(t, requests)
	with := newFetcher(t, s, Options{CABundle: bundle})
	_, err = with.Get(t.Context(), server.URL+"/a", 10)
	require.NoError(t, err)
	_, err = with.Get(t.Context(), server.URL+"/down", 10)
	require.EqualError(t, err, server.URL+"/down: redirect refused: from https to http://mirror.invalid/secret")

	_, err = NewFetcher(s, Options{CABundle: bundle + "x"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(bundle, []byte("nonsense"), 0o644))
	_, err = NewFetcher(s, Options{CABundle: bundle})
	require.EqualError(t, err, "CA bundle "+bundle+" holds no certificate in PEM form")
}

func TestGetReadsATruncatedFileAgain(t *testing.T) {
	m := newMirror(t)
	m.item("InRelease", 1000)
	m.first = func(w http.ResponseWriter, r *http.Request, data []byte, n int) bool {
		require.Equal(t, "max-age=0", r.Header.Get("Cache-Control"))
		if n == 1 {
			truncate(w, r, data)
		}
		return n == 1
	}
	_, f := newStore(t, Options{})
	data, err := f.Get(t.Context(), m.URL+"/InRelease", 1000)
	require.NoError(t, err)
	require.Equal(t, m.files["/InRelease"], data)
	_, err = f.Get(t.Context(), m.URL+"/InRelease", 999)
	require.EqualError(t, err, m.URL+"/InRelease: larger than the 999 bytes that were expected at most")
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"http://h/p", "me", "https://h:1/p?sig=", "file:///", "http://[::1]:80/", "http://h/%2f?a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		// Wherever a mistyped URL puts its password, no message repeats it.
		from, err := parseAddress("http://me:GEHEIM@" + host)
		if err != nil {
			require.NotContains(t, err.Error(), "GEHEIM")
			return
		}
		require.NotContains(t, from.String(), "GEHEIM")
		require.NotContains(t, from.url.String(), "GEHEIM")
		_, err = url.Parse(from.String())
		require.NoError(t, err)
	})
}

func FuzzRangeStart(f *testing.F) {
	for _, seed := range []string{"bytes 100-199/200", "bytes 0-0/*", "bytes */200", "bytes=1-2", "bytes -1-2/3", "BYTES 9223372036854775808-1/2", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start, ok := rangeStart(text)
		require.GreaterOrEqual(t, start, int64(0))
		if ok {
			require.Contains(t, text, strconv.FormatInt(start, 10))
		}
	})
}

func TestRangeStart(t *testing.T) {
	for text, want := range map[string]int64{
		"bytes 100-199/200": 100, "bytes 0-0/*": 0, "bytes */200": -1, "bytes=1-2": -1, "items 1-2/3": -1, "": -1,
	} {
		start, ok := rangeStart(text)
		require.Equal(t, want >= 0, ok, text)
		require.Equal(t, max(want, 0), start, text)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"1", "-1", "99999999999", "Fri, 31 Dec 2999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wait := RetryAfter(http.Header{"Retry-After": {text}})
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, longestPause)
	})
}
