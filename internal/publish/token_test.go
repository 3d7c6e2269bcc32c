package publish

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tokens is a registry that wants a bearer token, which is good for a few requests; its realm gives them out for alice's password.
type tokens struct {
	http.Handler
	uses  int64
	given atomic.Int64
	left  atomic.Int64
}

func (s *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		user, secret, _ := r.BasicAuth()
		if user != "alice" || secret != password {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"wrong: %s"}]}`, secret)
			return
		}
		s.left.Store(s.uses)
		_ = json.NewEncoder(w).Encode(map[string]string{"token": fmt.Sprint("token-", s.given.Add(1))})
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer token-")
	if token != fmt.Sprint(s.given.Load()) || s.left.Add(-1) < 0 {
		w.Header().Set("Www-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test",scope="repository:a:pull,push"`, r.Host))
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.Handler.ServeHTTP(w, r)
}

// A token that runs out in the middle of an upload is renewed.
func TestTokens(t *testing.T) {
	registry := &tokens{Handler: specified(), uses: 3}
	address := serve(t, registry)
	login := func(secret string) {
		fresh(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, address, base64.StdEncoding.EncodeToString([]byte("alice:"+secret))))
	}
	login(password)
	image := qcow2(t, 1_000_000)
	published(t, Registry{Repository: address + "/a", Transfer: quick(&spoken{})}, image)
	assert.Greater(t, registry.given.Load(), int64(5))

	login(password + "x")
	said := &spoken{}
	_, err := Registry{Repository: address + "/a", Transfer: quick(said)}.Publish(t.Context(), []Image{image})
	require.ErrorContains(t, err, "registry "+address+" does not know user alice (from Docker's configuration), or not that password: docker login "+address)
	assert.NotContains(t, err.Error()+said.text(), password)
}
