package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// valid holds a document to CycloneDX's own validator.
func valid(t *testing.T, text []byte) {
	t.Helper()
	message, err := validate(t, text)
	require.NoError(t, err, message)
}

// TestValidatorRefuses shows that it finds what is wrong.
func TestValidatorRefuses(t *testing.T) {
	text, err := Document(planOf(), contents(), image)
	require.NoError(t, err)
	for _, c := range []struct{ from, to string }{
		{`"id": "LGPL-2.1-or-later"`, `"id": "LGPL-2.1++"`},
		{`"bomFormat"`, `"bomformat"`},
		{`"type": "library"`, `"type": "package"`},
		{`"content": "1a`, `"content": "x1a`},
		{"urn:uuid:", "uuid:"},
	} {
		changed := strings.Replace(string(text), c.from, c.to, 1)
		require.NotEqual(t, string(text), changed, c.from)
		_, err := validate(t, []byte(changed))
		assert.Error(t, err, c.from)
	}
}

// validate runs sbom-utility, which asks the network for the two schemas that CycloneDX's refers to: a proxy answers it
// with those that CycloneDX publishes in its Go module.
func validate(t *testing.T, text []byte) (message string, err error) {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	require.NoError(t, err)
	schemas := filepath.Join(strings.TrimSpace(string(module)), "schema")
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if name == "jsf-0.82.schema.json" {
			name = "jsf-0.82.schemax.json" // so is the file called in the module
		}
		http.ServeFile(w, r, filepath.Join(schemas, name))
	}))
	defer proxy.Close()
	file := filepath.Join(t.TempDir(), "document.json")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	command := exec.Command(validator(t), "validate", "--input-file", file)
	command.Env = append(os.Environ(), "http_proxy="+proxy.URL, "HTTP_PROXY="+proxy.URL, "no_proxy=", "NO_PROXY=")
	out, err := command.CombinedOutput()
	return string(out), err
}

// validator is the path of sbom-utility, of the version that tools/sbom-utility/go.mod names.
func validator(t *testing.T) string {
	t.Helper()
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "tools", "sbom-utility", name))
		require.NoError(t, err)
		hash.Write(data)
	}
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		require.NoError(t, err)
		cache = filepath.Join(home, ".cache")
	}
	// As GNUmakefile's function tool names it.
	program := filepath.Join(cache, "packer-plugin-airship", "tools", "sbom-utility-"+hex.EncodeToString(hash.Sum(nil))[:12])
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("sbom-utility is not built: %s; `make tools` builds it", err)
	}
	return program
}
