package machinetest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// serveOnLoopback is a server of this host that tells the path, or as a proxy the whole URL, of what it is
// asked for.
func serveOnLoopback(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "asked for %s", r.URL)
	}))
	t.Cleanup(server.Close)
	return server
}

// inside is a loopback server's URL for programs in m.
func inside(m machine.Machine, server *httptest.Server) string {
	return "http://" + net.JoinHostPort(m.Gateway(), port(server))
}

func port(server *httptest.Server) string {
	return strconv.Itoa(server.Listener.Addr().(*net.TCPAddr).Port)
}

func network(t *testing.T, m machine.Machine, server *httptest.Server) {
	// apt reads the proxies as it does in a build.
	download := func(from string) string {
		return Output(t, m, "sh", "-euc",
			`/usr/lib/apt/apt-helper download-file "$1" /scratch/file >/dev/null; cat /scratch/file; rm /scratch/file`, "sh", from)
	}
	assert.Equal(t, "asked for http://nowhere.invalid/a", download("http://nowhere.invalid/a"), "through the proxy")
	direct := Output(t, m, "bash", "-euc",
		`exec 3<>"/dev/tcp/$1/$2"; printf 'GET /b HTTP/1.0\r\n\r\n' >&3; tail -n 1 <&3`,
		"sh", m.Gateway(), port(server))
	assert.Equal(t, "asked for /b", direct, "what listens on the host's 127.0.0.1")

	// A name that means something outside means the same inside.
	mirror, err := url.Parse(Mirror(t).Main)
	require.NoError(t, err)
	if _, err := net.DefaultResolver.LookupHost(t.Context(), mirror.Hostname()); err == nil {
		assert.NotEmpty(t, Output(t, m, "getent", "hosts", mirror.Hostname()))
	}
	// Programs in a machine reach one another.
	assert.Equal(t, "hello", Shell(t, m, `python3 -c '
import socket, threading
s = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: s.accept()[0].sendall(b"hello")).start()
print(socket.create_connection(("localhost", s.getsockname()[1])).recv(9).decode())'`))
}
