// Package sopstest encrypts texts with the real sops for tests, each for keys that the test makes.
//
// A text goes in; what `sops encrypt` makes of it comes out, and an environment in which sops finds the key alone.
// The program is built by `make tools`; without it a test fails, or with -short is skipped.
package sopstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"
)

// Tool is the path of sops, of the version that tools/sops/go.mod names.
func Tool(t testing.TB) string {
	t.Helper()
	directory := filepath.Join(root(t), "tools", "sops")
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(directory, name))
		require.NoError(t, err)
		hash.Write(data)
	}
	// As GNUmakefile's function tool names it.
	path := filepath.Join(cache(t), "packer-plugin-airship", "tools", "sops-"+hex.EncodeToString(hash.Sum(nil))[:12])
	if _, err := os.Stat(path); err != nil {
		if testing.Short() {
			t.Skip("sops is not built; `make tools` builds it")
		}
		t.Fatalf("sops is not built: %s; `make tools` builds it", err)
	}
	return path
}

func cache(t testing.TB) string {
	t.Helper()
	if directory := os.Getenv("XDG_CACHE_HOME"); directory != "" {
		return directory
	}
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	return filepath.Join(home, ".cache")
}

// root is the checkout's, above the working directory of any test.
func root(t testing.TB) string {
	t.Helper()
	directory, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(directory, "tools", "sops", "go.mod")); err == nil {
			return directory
		}
		parent := filepath.Dir(directory)
		require.NotEqual(t, parent, directory, "the test runs outside the checkout")
		directory = parent
	}
}

// Key is a fresh age key.
type Key struct {
	Recipient string // age1…: for whom to encrypt
	Identity  string // AGE-SECRET-KEY-1…: what decrypts
}

// NewKey makes a key.
func NewKey(t testing.TB) Key {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return Key{Recipient: identity.Recipient().String(), Identity: identity.String()}
}

// Install puts sops on PATH, in an environment without any key, for the rest of the test.
func Install(t testing.TB) {
	t.Helper()
	directory := t.TempDir()
	name := "sops"
	if runtime.GOOS == "windows" {
		name = "sops.exe"
	}
	require.NoError(t, os.Symlink(Tool(t), filepath.Join(directory, name)))
	t.Setenv("PATH", directory+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // of sops/age/keys.txt
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SOPS_") {
			t.Setenv(name, "") // so that it is put back
			require.NoError(t, os.Unsetenv(name))
		}
	}
}

// Use installs sops and gives it k, for the rest of the test.
func (k Key) Use(t testing.TB) {
	t.Helper()
	Install(t)
	t.Setenv("SOPS_AGE_KEY", k.Identity)
}

// Encrypt encrypts a YAML text for k; options are those of `sops encrypt`, such as --encrypted-regex and its value.
func (k Key) Encrypt(t testing.TB, text string, options ...string) []byte {
	t.Helper()
	return Encrypt(t, text, append([]string{"--age", k.Recipient}, options...)...)
}

// Encrypt encrypts a YAML text for whom the options name.
func Encrypt(t testing.TB, text string, options ...string) []byte {
	t.Helper()
	arguments := append([]string{"encrypt", "--input-type", "yaml", "--output-type", "yaml", "--filename-override", "x.yaml"}, options...)
	cmd := exec.Command(Tool(t), arguments...)
	cmd.Dir = t.TempDir() // without a .sops.yaml
	cmd.Stdin = strings.NewReader(text)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	encrypted, err := cmd.Output()
	require.NoError(t, err, messages.String())
	return encrypted
}
