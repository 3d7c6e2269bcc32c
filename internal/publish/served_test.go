package publish

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodHead, r.Method)
		switch r.URL.Path {
		case "/whole", "/short":
			w.Header().Set("Content-Length", map[string]string{"/whole": "1000", "/short": "10"}[r.URL.Path])
		case "/silent":
			w.WriteHeader(http.StatusMethodNotAllowed)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	said := &spoken{}
	ask := func(urls ...string) error {
		var all []Published
		for _, url := range urls {
			all = append(all, Published{URL: url, Image: Image{Size: 1000}})
		}
		return quick(said).Served(t.Context(), all)
	}
	require.NoError(t, ask(server.URL+"/whole", "oci://registry.invalid/x@sha256:00", ""))
	assert.Empty(t, said.text())
	err := ask(server.URL+"/none", server.URL+"/whole", server.URL+"/short")
	require.ErrorContains(t, err, "the web server does not serve "+server.URL+"/none: it answers 404 Not Found; is url where it serves directory?")
	require.ErrorContains(t, err, server.URL+"/short: it has 10 bytes, and the image 1000;")
	require.NoError(t, ask(server.URL+"/silent"))
	assert.Contains(t, said.text(), "/silent is not known: its server answers no HEAD")
	server.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	require.ErrorContains(t, ask(secure.URL+"/x"), secure.URL+"/x has a certificate of an authority that is not trusted: name a file with")
	tired := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(tired.Close)
	require.NoError(t, ask(tired.URL+"/x"))
	assert.Contains(t, said.text(), "the answer is 502 Bad Gateway")
	require.NoError(t, ask(server.URL+"/whole"))
	assert.Contains(t, said.text(), "whether hosts can read "+server.URL+"/whole is not known from here: ")
}
