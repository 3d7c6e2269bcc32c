package resolution

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

// A source whose URL comes from a Secret shows it neither in errors nor in progress.
func TestSecretURL(t *testing.T) {
	s := newSite(t)
	uri := s.serve(t, repositorytest.Suite{Name: "bookworm", Packages: map[string]string{"main": world(always...)}})
	address, err := url.Parse(uri)
	require.NoError(t, err)
	s.write(t, "secret.yaml", fmt.Sprintf(`apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {url: %q}
---
apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: secret}
spec:
  valuesFrom: [{kind: Secret, name: keys, fieldPath: data.url, targetPath: "software.repos[0].source"}]
  software:
    packages: []
    repos:
    - %s
`, uri+"/", repo("debian", "http://placeholder.example", "absent", "main", "key.gpg")))
	p, err := readProfile("secret.yaml")
	require.NoError(t, err)
	o := options(t)
	var progress strings.Builder
	o.Progress = func(format string, args ...any) { fmt.Fprintf(&progress, format+"\n", args...) }
	err = Check(t.Context(), o, p)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "source debian (<redacted>")
	other := Locate(p, errors.Join(errors.New("no answer from "+address.Host), t.Context().Err()))
	assert.EqualError(t, other, "no answer from <redacted>")
	for _, shown := range []string{err.Error(), progress.String()} {
		assert.NotContains(t, shown, address.Host)
	}

	var line string
	say := quiet(func(format string, args ...any) { line = fmt.Sprintf(format, args...) }, p.Mask())
	say("%s does not answer, trying again", uri)
	assert.NotContains(t, line, address.Host)
	assert.Contains(t, line, "does not answer, trying again")
}
