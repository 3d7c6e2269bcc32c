package store

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// httpProxy forwards everything to one mirror, whatever host was asked for, as mirror.example has
// no address.
type httpProxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // methods and targets
	auth  string
}

func newProxy(t *testing.T, mirror string) *httpProxy {
	p := &httpProxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.RequestURI)
		p.auth = r.Header.Get("Proxy-Authorization")
		p.mu.Unlock()
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		response, err := http.Get(mirror + r.URL.Path)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *httpProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// with puts a user and a password into a URL.
func with(url string) string { return strings.Replace(url, "://", "://me:geheim@", 1) }

func environment(values map[string]string) Proxies {
	return ProxiesFrom(func(name string) string { return values[name] })
}

func TestProxyIsUsed(t *testing.T) {
	m := newMirror(t)
	p := newProxy(t, m.URL)
	s, f := newStore(t, Options{Proxies: environment(map[string]string{"HTTP_PROXY": with(p.URL)})})
	item := m.item("a.deb", 1000)
	item.URL = "http://mirror.example/a.deb"
	require.NoError(t, f.Fetch(t.Context(), []Item{item}))
	requireSound(t, s, 1)
	require.Equal(t, []string{"GET http://mirror.example/a.deb"}, p.requests())
	require.Equal(t, "Basic bWU6Z2VoZWlt", p.auth) // me:geheim

	_, err := f.Get(t.Context(), "http://mirror.example/none", 10)
	require.EqualError(t, err,
		"http://mirror.example/none: 404 Not Found (through the proxy "+p.URL+" from HTTP_PROXY)")
}

// 0.0.0.0 reaches this machine and, unlike 127.0.0.1, is not exempt from proxies by itself.
func TestNoProxyBypasses(t *testing.T) {
	m := newMirror(t)
	p := newProxy(t, m.URL)
	_, port, err := net.SplitHostPort(m.Listener.Addr().String())
	require.NoError(t, err)
	m.item("a", 10)
	for list, direct := range map[string]bool{
		"": false, "example.org": false, "0.0.0.0": true, "10.0.0.0/8,0.0.0.0/8": true, "*": true, "0.0.0.0:1": false,
	} {
		before := len(p.requests())
		_, f := newStore(t, Options{Proxies: environment(map[string]string{"http_proxy": p.URL, "no_proxy": list})})
		_, err := f.Get(t.Context(), "http://0.0.0.0:"+port+"/a", 10)
		require.NoError(t, err)
		require.Equal(t, direct, len(p.requests()) == before, "no_proxy=%s", list)
	}
}

func TestProxyRefuses(t *testing.T) {
	p := newProxy(t, "")
	_, f := newStore(t, Options{Proxies: environment(map[string]string{"https_proxy": with(p.URL)})})
	err := f.Fetch(t.Context(), []Item{{Name: "a", URL: "https://mirror.example/a", SHA256: strings.Repeat("0", 64)}})
	require.EqualError(t, err,
		"https://mirror.example/a: proxy "+p.URL+" (from https_proxy) refuses: 403 Forbidden")
	require.Equal(t, []string{"CONNECT mirror.example:443"}, p.requests(), "no retry")
}

func TestProxyWantsPassword(t *testing.T) {
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer p.Close()
	_, f := newStore(t, Options{Proxies: Proxies{HTTP: p.URL, HTTPS: p.URL}})
	for _, scheme := range []string{"http", "https"} {
		_, err := f.Get(t.Context(), scheme+"://mirror.example/a", 10)
		require.EqualError(t, err, scheme+"://mirror.example/a: proxy "+p.URL+" (from "+scheme+
			" proxy) wants a user and a password: 407 Proxy Authentication Required")
	}
}

func TestProxyOutOfReach(t *testing.T) {
	p := newProxy(t, "")
	p.Close()
	for scheme, variable := range map[string]string{"http": "http_proxy", "https": "https_proxy"} {
		for _, kind := range []string{"http", "socks5"} {
			address := strings.Replace(p.URL, "http:", kind+":", 1)
			_, f := newStore(t, Options{Proxies: environment(map[string]string{variable: with(address)}), Retries: 1})
			_, err := f.Get(t.Context(), scheme+"://mirror.example/a", 10)
			var proxy *ProxyError
			require.ErrorAs(t, err, &proxy)
			require.ErrorContains(t, err, scheme+"://mirror.example/a: proxy "+address+" (from "+variable+") cannot be reached: ")
			require.ErrorContains(t, err, "connection refused (tried 2 times)")
			require.NotContains(t, err.Error(), "geheim")
		}
	}
}

// The proxy at fault is that of the address redirected to.
func TestProxyOutOfReachAfterRedirect(t *testing.T) {
	p := newProxy(t, "")
	p.Close()
	m := newMirror(t)
	m.first = func(w http.ResponseWriter, r *http.Request, _ []byte, _ int) bool {
		http.Redirect(w, r, "https://mirror.example/a?token=geheim", http.StatusFound)
		return true
	}
	_, f := newStore(t, Options{Proxies: environment(map[string]string{"https_proxy": p.URL}), Retries: -1})
	_, err := f.Get(t.Context(), m.URL+"/a", 10)
	require.ErrorContains(t, err, m.URL+"/a: proxy "+p.URL+" (from https_proxy) cannot be reached: ")
	require.NotContains(t, err.Error(), "geheim")
}

func TestProxiesAreChecked(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	for value, want := range map[string]string{
		"http://me:ge heim@[bad": "http_proxy: not a proxy: http://HOST:PORT expected",
		"http://":                "http_proxy: not a proxy: http://HOST:PORT expected",
		"ftp://me:geheim@h:1":    "http_proxy: ftp://h:1 is not a proxy: http, https or socks5 expected",
		"proxy:3128":             "",
		"me:geheim@proxy:3128":   "",
		"socks5://proxy:1080":    "",
	} {
		_, err := NewFetcher(s, Options{Proxies: environment(map[string]string{"http_proxy": value})})
		if want == "" {
			require.NoError(t, err, value)
			continue
		}
		require.EqualError(t, err, want, value)
	}
}

func TestProxiesFrom(t *testing.T) {
	require.Equal(t,
		Proxies{HTTP: "a", HTTPS: "c", NoProxy: "d", httpFrom: "http_proxy", httpsFrom: "HTTPS_PROXY"},
		environment(map[string]string{"http_proxy": "a", "HTTP_PROXY": "b", "HTTPS_PROXY": "c", "NO_PROXY": "d"}))
	require.Equal(t, Proxies{}, environment(nil))
}
