//go:build linux

package toolbox

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// debianArchive is a server with a few packages, which counts what is asked of it.
type debianArchive struct {
	*httptest.Server
	requests atomic.Int64
	pin      Pin
}

func serveArchive(t *testing.T, packages map[string][]tar.Header) *debianArchive {
	data := map[string][]byte{}
	for name, headers := range packages {
		data[name] = archive(t, headers...)
	}
	return serveData(t, data)
}

// serveData serves packages with these data archives.
func serveData(t *testing.T, packages map[string][]byte) *debianArchive {
	a := &debianArchive{pin: Pin{Suite: "trixie", Date: day, Architecture: "amd64"}}
	files := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		data := debFile(packages[name])
		sum := sha256.Sum256(data)
		p := PinnedPackage{
			Name: name, Version: "1+x", Architecture: "amd64", Filename: "pool/" + name + "_1+x.deb",
			Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
		}
		files["/debian/"+p.Filename] = data
		a.pin.Packages = append(a.pin.Packages, p)
	}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests.Add(1)
		data, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, err := io.Copy(w, bytes.NewReader(data))
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(a.Close)
	require.NoError(t, a.pin.Check())
	return a
}

func (a *debianArchive) mirror() string { return a.URL + "/debian/" }

// debFile is a .deb (deb(5)) without a control paragraph.
func debFile(data []byte) []byte {
	deb := bytes.NewBufferString("!<arch>\n")
	for _, member := range []struct {
		name    string
		content []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar", make([]byte, 1024)},
		{"data.tar", data},
	} {
		fmt.Fprintf(deb, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", member.name, 0, 0, 0, "100644", len(member.content))
		deb.Write(member.content)
	}
	return deb.Bytes()
}
